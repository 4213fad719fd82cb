/** When the next token is asked for.  One lives a minute, so that a session that was ended elsewhere is over here soon, too. */
const FRESH = 35_000
// Less than the minute by what an answer may take, and by the second to which a token's end is rounded.
const GOOD = 50_000

/** `first`: before anything else is asked; `beside`: the token is still good meanwhile; `none`: it is fresh. */
export type Renewal = 'first' | 'beside' | 'none'

export function renewal(renewedAt: number, now: number): Renewal {
  const age = now - renewedAt
  // A machine's clock that was set back says nothing of the age.
  if (age < 0 || age >= GOOD) return 'first'
  return age < FRESH ? 'none' : 'beside'
}

export type Renewed = 'renewed' | 'ended' | 'unknown'

/** What an answer to the question for a token says.  A service that is away has ended nobody's session. */
export function renewed(status: number): Renewed {
  if (status === 401) return 'ended'
  return status >= 200 && status < 300 ? 'renewed' : 'unknown'
}

/** Whether a request signs in or out; all others need a token that has not ended. */
export function isSigning(method: string, address: string): boolean {
  const { pathname } = new URL(address)
  return (method === 'POST' && pathname.endsWith('/v1/sessions')) || pathname.endsWith('/v1/sessions/current')
}
