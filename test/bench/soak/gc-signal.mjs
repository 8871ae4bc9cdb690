// Loaded before the program under soak (`node --expose-gc --import`): at SIGUSR2 it tells on stderr what stays after collecting garbage.
process.on('SIGUSR2', async () => {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc();
    // Finalizers of what one collection freed run behind it.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stderr.write(`${JSON.stringify({ memory: process.memoryUsage() })}\n`);
});
