/** What `read` gives back, or null when the system refused it: what an SDK does that never looks whether it may. */
export function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'className' in error && error.className === 'java.lang.SecurityException') return null;
    throw error;
  }
}
