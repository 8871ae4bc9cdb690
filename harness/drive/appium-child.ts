// Its published types lead to sources that do not compile under our settings, so the compiler is not shown the name.
const APPIUM: string = 'appium';

/** What the child prints on its one line of standard output. */
export type ChildWord =
  | { readonly ready: true; readonly port: number }
  | { readonly ready: false; readonly code: string | null; readonly why: string };

const [home, portText] = process.argv.slice(2);
const port = Number(portText);

function say(word: ChildWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

/** Appium closes itself on SIGTERM; if it hangs doing so, the second signal does not ask. */
function leave(): void {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2_000).unref();
  process.kill(process.pid, 'SIGTERM');
}

// Standard input closes when our parent ends, also by kill -9: no Appium stays behind.
process.stdin.on('end', leave).on('error', leave).resume();

try {
  const { main }: { main(options: object): Promise<unknown> } = await import(APPIUM);
  await main({
    appiumHome: home ?? '',
    address: '127.0.0.1',
    port,
    loglevel: 'error',
    logNoColors: true,
    throwInsteadOfExit: true,
    useDrivers: ['virtualhandset'],
    usePlugins: [],
    allowCors: false,
    sessionOverride: false,
    keepAliveTimeout: 600,
  });
  say({ ready: true, port });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  say({ ready: false, code, why: error instanceof Error ? error.message : String(error) });
}
