/** All rows of a listing at once: units and accounts are hundreds, and are looked through by name. */
interface Page<Row> {
  items: Row[]
  next?: string | null
}

export async function allOf<Row>(ask: (query: { limit: number; cursor?: string }) => Promise<Page<Row>>): Promise<Row[]> {
  const found: Row[] = []
  let cursor: string | null = null
  do {
    const page: Page<Row> = await ask({ limit: 200, ...(cursor === null ? {} : { cursor }) })
    found.push(...page.items)
    cursor = page.next ?? null
  } while (cursor !== null)
  return found
}
