import type { BodyRef, Flow } from '../../../harness/model/event.js';
import type { Bodies } from '../../../harness/model/finding.js';
import { harMessage } from './body.js';
import type { LongList } from './json.js';
import { startOf } from './times.js';

/** The flow of one message. */
export type MessageFlow = Flow & { readonly websocket: Extract<Flow['websocket'], { readonly kind: 'message' }> };

export function isMessage(flow: Flow): flow is MessageFlow {
  return flow.websocket?.kind === 'message';
}

/** Messages of a channel as Chrome exports them, with what the run knows of each; their bodies are read as they are written. */
export function webSocketMessages(messages: readonly MessageFlow[], bodies: Bodies, beganMs: number): LongList {
  return {
    longList: function* () {
      for (const message of messages) yield harMessageOf(message, bodies, beganMs);
    },
  };
}

function harMessageOf(flow: MessageFlow, bodies: Bodies, beganMs: number): object {
  const { opcode, number, compressed, channel } = flow.websocket;
  const { text, encoding } = harMessage(flow.bodies, opcode, bodies);
  const [body] = flow.bodies;
  return {
    type: directionOf(flow) === 'request' ? 'send' : 'receive',
    time: (flow.times.requestFirst?.wallMs ?? flow.times.responseFirst?.wallMs ?? startOf(flow, beganMs)) / 1000,
    opcode: opcode === 'text' ? 1 : 2,
    data: text,
    _jiejing: {
      n: flow.n,
      id: flow.id,
      channel,
      number,
      compressed,
      state: flow.state,
      reason: flow.reason,
      synthetic: flow.synthetic,
      encoding,
      sha256: body?.sha256 ?? null,
      bytes: body?.bytes ?? 0,
      length: body?.length ?? 0,
    },
  };
}

/** An empty message has no body to tell which way it went: then it has times of that way only. */
function directionOf({ bodies, times }: MessageFlow): BodyRef['of'] {
  return bodies[0]?.of ?? (times.requestFirst === null && times.responseFirst !== null ? 'response' : 'request');
}
