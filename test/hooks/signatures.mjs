// Derives test/hooks/signatures.json from a dump of framework signatures: node test/hooks/signatures.mjs DUMP.json.gz
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const dump = JSON.parse(gunzipSync(readFileSync(process.argv[2])).toString());
const folder = new URL('../../hooks/catalogue/', import.meta.url);
const text = readdirSync(folder)
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');
const wanted = new Set([...text.matchAll(/'((?:android|java|javax)\.[\w.$]+)'/g)].map((match) => match[1]));
const classes = {};
for (const name of [...wanted].toSorted()) {
  const framework = dump[name];
  const stub = dump['_public_stub'].classes[name];
  const methods = /^javax?\./.test(name) ? stub : framework;
  if (methods === undefined) continue;
  const named = new Set([...text.matchAll(/method: '([\w$]+)'/g)].map((match) => match[1]));
  classes[name] = Object.fromEntries(Object.entries(methods).filter(([method]) => named.has(method)));
}
writeFileSync(
  new URL('signatures.json', import.meta.url),
  `${JSON.stringify(
    {
      source:
        'android.*: class files of org.robolectric:android-all, API 23–37 (Maven Central); java.*, javax.*: SDK stubs of com.toasttab.android:gummy-bears-api-23, -26, -34 (Maven Central). method → descriptor → levels that declare it.',
      classes,
    },
    null,
    1,
  )}\n`,
);
