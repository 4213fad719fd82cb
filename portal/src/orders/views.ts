/** Views that somebody saved under a name: the filters of an address, kept in this browser for this account. */
export interface View {
  name: string
  query: Record<string, string>
}

const MOST = 20

function isView(value: unknown): value is View {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('query' in value)) return false
  const { name, query } = value
  return typeof name === 'string' && name !== '' && typeof query === 'object' && query !== null && Object.values(query).every((each) => typeof each === 'string')
}

/** The views of a stored text; what is broken there is left out. */
export function viewsOf(text: string | null): View[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(stored) ? stored.filter(isView).slice(0, MOST) : []
  } catch {
    return []
  }
}

/** With one more view in front; the same name replaces the older one. */
export function withView(views: readonly View[], view: View): View[] {
  const name = view.name.trim()
  return name === '' ? [...views] : [{ ...view, name }, ...views.filter((each) => each.name !== name)].slice(0, MOST)
}

const placeOf = (account: string) => `gongdan.views.${account}`

export function readViews(account: string): View[] {
  try {
    return viewsOf(localStorage.getItem(placeOf(account)))
  } catch {
    return []
  }
}

/** Whether they could be kept: a browser may refuse storage. */
export function keepViews(account: string, views: readonly View[]): boolean {
  try {
    localStorage.setItem(placeOf(account), JSON.stringify(views))
    return true
  } catch {
    return false
  }
}
