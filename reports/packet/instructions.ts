const REPORTS = `四、data/ 内的报告（report.json、report.html 与 judgements/）不在事件链内。它们由记录得出，封装时已重新得出并比对；把 data/ 复制到别处，
执行 npx jiejing judge 即可再次得出（须用写明的同一版本）。
4. The reports in data/ (report.json, report.html and judgements/) are not bound to the chain. They follow from the run, which was
checked at sealing; to make them again, copy data/ elsewhere and use the same version:

    npx jiejing judge 副本 / COPY
`;

/** What stands in 核验说明.txt: how anyone can check the packet without us. */
export function instructions(packet: { readonly run: string; readonly unfit: string | null }): string {
  const unfit =
    packet.unfit === null
      ? ''
      : `\n注意：本包来自模拟、导入或单独抓包的记录（${packet.unfit}），不可作为证据使用。\nNOTE: this packet must not serve as evidence: ${packet.unfit}.\n`;
  return `核验说明 / HOW TO CHECK THIS PACKET

记录编号 / run: ${packet.run}
${unfit}
本文件夹为 BagIt 1.0（RFC 8493）证据包，data/ 内为一次检测的全部记录。
This folder is a BagIt 1.0 bag (RFC 8493); data/ holds the whole record of one run.

一、在本文件夹内执行（Linux 自带 sha256sum；macOS 用 shasum -a 256 -c）：
1. In this folder (on macOS: shasum -a 256 -c):

    sha256sum -c tagmanifest-sha256.txt
    sha256sum -c manifest-sha256.txt

两条命令的每一行均应为 OK。第一条核对清单与说明文件，第二条核对 data/ 内的每个文件。
Every line must say OK. The first checks the tag files, the second every file in data/.

二、sha256sum 不会发现多出来的文件，也不检查事件链。完整核验请执行：
2. sha256sum does not notice added files and knows nothing of the chain of events. For the whole check:

    npx jiejing verify 本文件夹 / THIS-FOLDER

其全部源码为一个文件（reports/verify.ts），只用 Node.js 自带的库，可先阅读再信任；也可单独运行：
It is one file (reports/verify.ts) that uses Node.js alone: read it before you trust it. It also runs by itself:

    node verify.js 本文件夹 / THIS-FOLDER

三、事件链：data/events.jsonl 每行的 prev 为上一行（不含换行符）的 SHA-256，首行的 prev 为 data/run.json 的 SHA-256。
末行 kind 为 end；其 own 为去掉 own 一项后本行的 SHA-256。末行缺失表示记录被中断，已记录的部分仍然有效。
3. The chain: in each line of data/events.jsonl, "prev" is the SHA-256 of the line before without its newline; in line 1 it is that of
data/run.json. The last line is of kind "end"; its "own" is the SHA-256 of that line without the member "own". Without an end the run was
cut short, and what was recorded still holds.

${REPORTS}
五、证据根哈希为 tagmanifest-sha256.txt 的 SHA-256。请与出具方另行告知的值核对：
5. The root of the packet is the SHA-256 of tagmanifest-sha256.txt. Compare it with what the sender told you by other means:

    sha256sum tagmanifest-sha256.txt

以上只证明封装之后未被改动。封装者与封装时间须由签名和时间戳证明；本包没有签名，也没有时间戳。
This shows that nothing changed since sealing. Who sealed it, and when, takes a signature and a time stamp; this packet has neither.

data/values/ 含本次检测使用的虚构个人信息（号码、证件号均不属于任何人）；真机检测时可能含真实信息，请依法保管。
data/values/ holds the made-up personal data of this run (nobody's numbers); from a real handset it may hold true data: keep it accordingly.
`;
}
