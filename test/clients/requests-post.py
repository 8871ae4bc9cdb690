# python requests-post.py PROXY-PORT CA.pem URL: posts standard input, writes what came back.
import sys

import requests

port, ca, url = sys.argv[1:4]
answer = requests.post(url, data=sys.stdin.buffer.read(), proxies={'https': f'http://127.0.0.1:{port}'}, verify=ca, timeout=30)
answer.raise_for_status()
sys.stdout.buffer.write(answer.content)
