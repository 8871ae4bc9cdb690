import type { Words } from '../harness/model/finding.js';
import type { GapWhat, GapWhy } from '../harness/model/gap-codes.js';

const WHATS: Readonly<Record<GapWhat, Words>> = {
  'other-package': { zh: '另一个应用的记录', en: 'records of another package' },
  'records-dropped': { zh: '探针丢弃的记录条数', en: 'records dropped by the agent' },
  'records-lost': { zh: '途中丢失的记录条数', en: 'records lost' },
  'hook-failed': { zh: '未能装上的钩子', en: 'hook not installed' },
  'hook-fault': { zh: '钩子内部出错', en: 'fault inside a hook' },
  'hook-cut': { zh: '钩子未记全的调用', en: 'call not recorded in full' },
  'tls-refused': {
    zh: '应用拒绝了实验室的证书或没有用这条连接',
    en: 'the app refused the lab’s certificate, or did not use the connection',
  },
  'upstream-failed': { zh: '服务器无法连通', en: 'the server could not be reached' },
  'h2-only': { zh: '应用只接受 HTTP/2', en: 'the app takes HTTP/2 only' },
  'bad-request': { zh: '不成请求的内容', en: 'something that is no request' },
  opaque: { zh: '未能解读的字节', en: 'bytes that were not read' },
  websocket: { zh: 'WebSocket 帧内的内容', en: 'what is inside WebSocket frames' },
  'body-cut': { zh: '过长的正文', en: 'a body that is too long' },
  'permission-prompt': { zh: '权限弹窗没有回答', en: 'permission prompt not answered' },
  'agreement-unsettled': { zh: '是否已同意没有定论', en: 'whether agreement was given is not settled' },
  'notice-gone': { zh: '隐私提示被点掉，点的是什么意思不明', en: 'a notice went away at a tap whose meaning is not known' },
  'process-crashed': { zh: '进程崩溃之后的行为', en: 'what the process would have done after it crashed' },
  'not-written': { zh: '未能写入的文件', en: 'file that could not be written' },
  request: { zh: '请求的内容', en: 'content of a request' },
  'not-settled': { zh: '出错时仍在途中的记录', en: 'records under way when the run failed' },
};

const WHYS: Readonly<Record<GapWhy, Words>> = {
  package: { zh: '应用包名', en: 'package' },
  'too-many-calls': { zh: '应用的调用多到探针来不及发送', en: 'the app made more calls than the agent could send' },
  'lost-on-the-way': { zh: '从探针到实验室的途中丢失', en: 'lost on the way from the agent' },
  'install-error': { zh: '安装出错', en: 'error while installing' },
  'agent-error': { zh: '探针出错', en: 'error in the agent' },
  'too-many-values': { zh: '一次读取的值太多，只记录了开头的', en: 'one read gave too many values; the first were recorded' },
  'value-too-long': { zh: '值太长，只记录了开头', en: 'the value is too long; its beginning was recorded' },
  'input-too-long': { zh: '运算的输入太长，只查看了开头', en: 'the input is too long; its beginning was looked at' },
  'too-many-objects': { zh: '同时进行的运算太多', en: 'too many calculations at one time' },
  'too-many-known-values': { zh: '要在运算中查找的值太多或太长', en: 'too many values to look for in calculations, or too long' },
  'tls-alert': { zh: '应用发出 TLS 警报', en: 'TLS alert from the app' },
  'tls-error': { zh: 'TLS 出错', en: 'TLS error' },
  'tls-reset': { zh: '握手中连接被重置', en: 'reset during the handshake' },
  'tls-reset-after-handshake': { zh: '握手后连接被重置', en: 'reset after the handshake' },
  'tls-close-in-handshake': { zh: '握手中连接被关闭', en: 'closed during the handshake' },
  'tls-close-after-handshake': { zh: '握手后未发请求即关闭', en: 'closed after the handshake, without a request' },
  'tls-silence': { zh: '握手中没有下文', en: 'silence during or after the handshake' },
  'h2-only': { zh: '只接受 HTTP/2', en: 'HTTP/2 only' },
  'no-byte': { zh: '连接上没有任何字节', en: 'no byte on the connection' },
  'no-byte-reset': { zh: '连接上没有任何字节即被重置', en: 'reset before any byte' },
  upstream: { zh: '服务器连接失败', en: 'connection to the server failed' },
  'upstream-tls': { zh: '与服务器的 TLS 失败', en: 'TLS with the server failed' },
  'server-closed-first': { zh: '服务器先关闭了连接', en: 'the server closed first' },
  'server-closed-before-request': { zh: '服务器在请求之前关闭了连接', en: 'the server closed before any request' },
  'no-server-name': { zh: 'TLS 未说明服务器名称', en: 'TLS without a server name' },
  'socks-off': { zh: 'SOCKS 未启用', en: 'SOCKS is not switched on' },
  'no-proxy-protocol': { zh: '不是代理协议', en: 'neither CONNECT nor HTTP on the proxy port' },
  'connect-target': { zh: 'CONNECT 的目标不是“主机:端口”', en: 'CONNECT to something that is not host:port' },
  'connect-malformed': { zh: 'CONNECT 残缺或格式不对', en: 'CONNECT cut short or malformed' },
  'connect-cut-short': { zh: 'CONNECT 残缺', en: 'CONNECT cut short' },
  'request-cut-short': { zh: '请求残缺', en: 'request cut short' },
  'not-for-a-proxy': { zh: '不是发给代理的请求', en: 'a request that is not for a proxy' },
  malformed: { zh: '格式不对', en: 'malformed' },
  'not-tls-nor-http': { zh: '既非 TLS 也非 HTTP', en: 'neither TLS nor HTTP' },
  'server-speaks-first': { zh: '由服务器先发送', en: 'the server speaks first' },
  'request-malformed': { zh: '请求格式不对', en: 'malformed request' },
  'response-malformed': { zh: '响应格式不对', en: 'malformed response' },
  'server-spoke-unasked': { zh: '服务器未经请求即发送', en: 'the server spoke unasked' },
  'answer-before-request': { zh: '请求未完整即有响应', en: 'an answer before the request was known' },
  'second-answer': { zh: '一个请求有两个响应', en: 'a second answer to one request' },
  'tunnel-in-tunnel': { zh: '隧道中又有隧道', en: 'a tunnel in the tunnel' },
  upgrade: { zh: '改用另一协议', en: 'another protocol' },
  'over-limit': { zh: '超过保存上限', en: 'over the limit of what is kept' },
  'no-button': { zh: '弹窗上没有所需的按钮', en: 'no button for the answer' },
  crashed: { zh: '崩溃', en: 'crashed' },
  disk: { zh: '磁盘', en: 'disk' },
  certificate: { zh: '发现的值未能重放验证', en: 'a find whose certificate does not replay' },
  cut: { zh: '正文未全部保存', en: 'the body was not kept whole' },
  undecodable: { zh: '高熵内容，无法解码', en: 'high-entropy bytes that could not be decoded' },
  'too deep': { zh: '编码层数过多', en: 'too many layers of encoding' },
  'too many streams': { zh: '压缩流过多', en: 'too many packed streams' },
  'unpacked size': { zh: '解压后过大', en: 'too large when unpacked' },
  'decoding budget': { zh: '解码量超过上限', en: 'more to decode than the limit' },
  'content-encoding': { zh: '无法解开的内容编码', en: 'content encoding that could not be undone' },
  'after-error': { zh: '运行出错之后未能收齐', en: 'could not be collected after the error' },
};

const EACH: Readonly<Record<'what' | 'why', Readonly<Record<string, Words>>>> = { what: WHATS, why: WHYS };

/** A gap's `what` or `why` in words: its code's, with the detail behind it as it stands. What begins with no code of ours prints as it is. */
export function gapWords(part: 'what' | 'why', text: string): Words {
  const [code = '', between = '', detail = ''] = Object.hasOwn(EACH[part], text)
    ? [text]
    : (/^(\S+?)(: ?| )(.+)$/s.exec(text)?.slice(1) ?? []);
  const words = Object.hasOwn(EACH[part], code) ? EACH[part][code] : undefined;
  if (words === undefined) return { zh: text, en: text };
  return between === '' ? words : { zh: `${words.zh}：${detail}`, en: `${words.en}: ${detail}` };
}
