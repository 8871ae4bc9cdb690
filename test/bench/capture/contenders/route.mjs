// Loaded before a Node contender: every *.bench.test leads to this machine. By name resolution, for it costs all of them the same.
import dns from 'node:dns';

const system = dns.lookup;
dns.lookup = function lookup(name, options, callback) {
  const done = typeof options === 'function' ? options : callback;
  if (!name.endsWith('.bench.test')) return system.call(dns, name, options, callback);
  if (typeof options === 'object' && options?.all) process.nextTick(done, null, [{ address: '127.0.0.1', family: 4 }]);
  else process.nextTick(done, null, '127.0.0.1', 4);
  return {};
};
