/** Does something with each of many, in their order, so many at a time. Rejects with the first failure. */
export const atATime = async <Item>(
  items: readonly Item[],
  countMax: number,
  act: (item: Item, index: number) => Promise<void>,
): Promise<void> => {
  const waiting = items.entries()
  const actOnOthers = async () => {
    for (const [index, item] of waiting) await act(item, index)
  }
  await Promise.all(Array.from({ length: countMax }, actOnOthers))
}
