export async function benchFence(): Promise<void> {}
