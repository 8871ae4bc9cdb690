import type { HookRow } from '../wire.js';

const FRAMEWORK = 'Android framework bytecode, API 23–37';
/** They call each other, in this order; the engine counts such a chain once. */
const QUERY = [
  ['android.net.Uri', '[Ljava.lang.String;', 'java.lang.String', '[Ljava.lang.String;', 'java.lang.String'],
  [
    'android.net.Uri',
    '[Ljava.lang.String;',
    'java.lang.String',
    '[Ljava.lang.String;',
    'java.lang.String',
    'android.os.CancellationSignal',
  ],
  ['android.net.Uri', '[Ljava.lang.String;', 'android.os.Bundle', 'android.os.CancellationSignal'],
] as const;
const read = { kind: 'read', since: 23, until: null, only: null, hot: false, source: FRAMEWORK } as const;

/** Contacts, SMS and the call log: by content provider, and by the classes that give single messages. */
export const rows = [
  {
    ...read,
    id: 'content.query',
    datum: 'by-uri',
    family: 'content.query',
    class: 'android.content.ContentResolver',
    method: 'query',
    overloads: QUERY,
    value: { from: 'cursor' },
    exercise:
      'android.content.ContentResolver.query(android.net.Uri.parse("content://com.android.contacts/data/phones"), null, null, null, null)',
  },
  {
    ...read,
    id: 'content.client-query',
    datum: 'by-uri',
    family: 'content.query',
    class: 'android.content.ContentProviderClient',
    method: 'query',
    overloads: QUERY,
    value: { from: 'cursor' },
    exercise:
      'android.content.ContentResolver.acquireContentProviderClient("sms").query(android.net.Uri.parse("content://sms/inbox"), null, null, null, null)',
  },
  {
    ...read,
    id: 'sms.body',
    datum: 'sms',
    family: 'sms.message',
    class: 'android.telephony.SmsMessage',
    method: 'getMessageBody',
    overloads: [[]],
    value: { from: 'return' },
    exercise: 'android.telephony.SmsMessage.createFromPdu(pdu("10690000", "code"), "3gpp").getMessageBody()',
  },
  {
    ...read,
    id: 'sms.display-body',
    datum: 'sms',
    family: 'sms.message',
    class: 'android.telephony.SmsMessage',
    method: 'getDisplayMessageBody',
    overloads: [[]],
    value: { from: 'return' },
    exercise: 'android.telephony.SmsMessage.createFromPdu(pdu("10690000", "code"), "3gpp").getDisplayMessageBody()',
  },
  {
    ...read,
    id: 'sms.sender',
    datum: 'sms',
    family: 'sms.message',
    class: 'android.telephony.SmsMessage',
    method: 'getDisplayOriginatingAddress',
    overloads: [[]],
    value: { from: 'return' },
    exercise: 'android.telephony.SmsMessage.createFromPdu(pdu("10690000", "code"), "3gpp").getDisplayOriginatingAddress()',
  },
  {
    ...read,
    id: 'call-log.last-outgoing',
    datum: 'call-log',
    family: 'call-log',
    class: 'android.provider.CallLog$Calls',
    method: 'getLastOutgoingCall',
    overloads: [['android.content.Context']],
    value: { from: 'return' },
    exercise: 'android.provider.CallLog$Calls.getLastOutgoingCall(android.app.ContextImpl)',
  },
] satisfies readonly HookRow[];
