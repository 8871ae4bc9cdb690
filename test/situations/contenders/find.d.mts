/** An npm package as it lies on the disk; `entry` is what `import()` takes. */
export interface NodeContender {
  readonly version: string;
  readonly folder: string;
  readonly entry: string;
}

/** A Python that has mitmproxy. */
export interface PythonContender {
  readonly version: string;
  readonly python: string;
  /** What PYTHONPATH must hold; null where the Python is an environment of its own. */
  readonly pythonPath: string | null;
  /** Which build of Python, for the results. */
  readonly build: string;
}

/** The versions that the published results name. */
export const WANTED: { readonly stock: string; readonly mockttp: string; readonly mitmproxy: string };

/** What `install.mjs` has put below `.contenders` of a repository; null for what is not there in the wanted version. */
export function contendersBelow(root: string): {
  readonly folder: string;
  readonly stock: NodeContender | null;
  readonly mockttp: NodeContender | null;
  readonly mitmproxy: PythonContender | null;
};
