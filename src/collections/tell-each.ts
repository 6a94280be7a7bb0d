/** Tells each listener; what they throw is returned. */
export function tellEach<T>(listeners: ReadonlySet<(news: T) => void>, news: T): readonly unknown[] {
  const errors: unknown[] = [];
  // Those who come while others are told are not told, and those who go are neither.
  const before = [...listeners];
  for (const listener of before) {
    if (!listeners.has(listener)) continue;
    try {
      listener(news);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
