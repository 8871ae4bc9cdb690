import { STRING, fixed, klass, method } from '../classes.js';
import { text } from '../text.js';

const MESSAGE = 'android.telephony.SmsMessage';

/** Received messages. The PDU of this handset is `sender NUL body` in UTF-8, not the network's coding. */
export const sms = [
  klass(MESSAGE, 'java.lang.Object', [
    fixed('createFromPdu', ['[B', STRING], MESSAGE, (world, _, [pdu]) => {
      const [sender = '', body = ''] = text(pdu as Int8Array).split('\0');
      return world.make(MESSAGE, { sender, body });
    }),
    method('getMessageBody', [], STRING, (_, self) => self.fields.body),
    method('getDisplayMessageBody', [], STRING, (world, self) => world.call(MESSAGE, 'getMessageBody', [], self, [])),
    method('getOriginatingAddress', [], STRING, (_, self) => self.fields.sender),
    method('getDisplayOriginatingAddress', [], STRING, (_, self) => self.fields.sender),
  ]),
];
