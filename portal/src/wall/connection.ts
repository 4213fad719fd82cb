/** A stream of events that stays open: what to do when it ends, and from where it goes on. */
export type State = 'opening' | 'open' | 'broken'

export interface Connection {
  state: State
  /** The last id heard; a new connection goes on after it. */
  after: string | null
  /** How often in a row it could not be opened. */
  tries: number
}

export type Happened =
  | { what: 'opened' }
  | { what: 'heard'; id: string }
  /** The server ended it: the token has ended, or the service closes. */
  | { what: 'ended'; id: string }
  /** The browser gave it up. */
  | { what: 'failed' }

export const START: Connection = { state: 'opening', after: null, tries: 0 }

export function next(connection: Connection, happened: Happened): Connection {
  if (happened.what === 'opened') return { ...connection, state: 'open', tries: 0 }
  if (happened.what === 'heard') return { state: 'open', tries: 0, after: happened.id === '' ? connection.after : happened.id }
  if (happened.what === 'ended') return { state: 'opening', tries: connection.tries, after: happened.id === '' ? connection.after : happened.id }
  return { ...connection, state: 'broken', tries: connection.tries + 1 }
}

/** How long to wait before it is opened again: soon at first, then less and less often. */
export function waitOf({ tries }: Connection): number {
  return tries === 0 ? 0 : Math.min(1_000 * 2 ** (tries - 1), 30_000)
}

export function addressOf(path: string, { after }: Connection): string {
  return after === null ? path : `${path}?after=${encodeURIComponent(after)}`
}
