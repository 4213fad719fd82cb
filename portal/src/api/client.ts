/** One typed client per service.  The browser sends the session's cookie; its token is renewed before it ends, unseen. */
import createClient from 'openapi-fetch'
import { learnNow } from '@/api/now'
import { asRefusal, refusalOf, type Refusal } from '@/api/refusal'
import { isSigning, renewal, renewed, type Renewed } from '@/api/renewal'
import type { components as AnalyticsParts, paths as AnalyticsPaths } from '@/api/types/analytics'
import type { components as DispatchParts, paths as DispatchPaths } from '@/api/types/dispatch'
import type { components as IntakeParts, paths as IntakePaths } from '@/api/types/intake'
import type { components as ReviewParts, paths as ReviewPaths } from '@/api/types/review'
import type { components as SlaParts, paths as SlaPaths } from '@/api/types/sla'

export type Dispatch = DispatchParts['schemas']
export type Intake = IntakeParts['schemas']
export type Sla = SlaParts['schemas']
export type Review = ReviewParts['schemas']
export type Analytics = AnalyticsParts['schemas']

type Listener = () => void

const REFRESH = '/api/dispatch/v1/sessions/refresh'
let renewing: Promise<Renewed> | null = null
let renewedAt = 0
let sessionEnded: Listener = () => undefined

/** Call this when the session has ended on the server. */
export function onSessionEnd(listener: Listener): void {
  sessionEnded = listener
}

// Pages ask again by themselves, every few seconds; that alone must not keep a session alive for ever.
const ATTENDED = 15 * 60_000
let attended = Date.now()
for (const kind of ['pointerdown', 'keydown', 'wheel']) {
  window.addEventListener(kind, () => (attended = Date.now()), { passive: true, capture: true })
}
const isAttended = (): boolean => Date.now() - attended < ATTENDED

/** Call this again and again from a page whose use is to be looked at: nobody touches the machine of a wall. */
export function attend(): void {
  attended = Date.now()
}

/** Ask for a new token; several requests at once share one question. */
function renewToken(): Promise<Renewed> {
  renewing ??= fetch(REFRESH, { method: 'POST', credentials: 'same-origin' })
    .then(
      (answer) => renewed(answer.status),
      () => 'unknown' as const,
    )
    .then((what) => {
      if (what === 'renewed') renewedAt = Date.now()
      if (what === 'ended') sessionEnded()
      return what
    })
    .finally(() => {
      renewing = null
    })
  return renewing
}

/** Whether this browser may have a session: a cookie without a secret says so, beside those that no script can read. */
export const mayHaveSession = (): boolean => document.cookie.split('; ').some((pair) => pair.startsWith('gongdan_signed_in='))

/** Have a token that does not end under the next question. */
async function keepToken(): Promise<void> {
  const when = renewal(renewedAt, Date.now())
  if (when === 'none' || !mayHaveSession() || !isAttended()) return
  const asked = renewToken()
  if (when === 'first') await asked
}

// Links and streams carry the token as well and cannot renew it; so it is fresh while somebody works here.
window.setInterval(() => void keepToken(), 10_000)
document.addEventListener('visibilitychange', () => void keepToken())

async function codeOf(answer: Response): Promise<unknown> {
  const problem: unknown = await answer.json().catch(() => null)
  return typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : undefined
}

async function withSession(request: Request): Promise<Response> {
  const signs = isSigning(request.method, request.url)
  if (!signs) await keepToken()
  const again = request.clone()
  let answer = await fetch(request)
  learnNow(answer.headers)
  if (signs && answer.ok) renewedAt = request.method === 'POST' ? Date.now() : 0
  if (answer.status !== 401 || signs) return answer
  const code = await codeOf(answer.clone())
  if (code !== 'token_ended') sessionEnded()
  else if (isAttended() && (await renewToken()) === 'renewed') answer = await fetch(again)
  return answer
}

const settings = { fetch: withSession, credentials: 'same-origin' as const }

export const dispatch = createClient<DispatchPaths>({ baseUrl: '/api/dispatch', ...settings })
export const intake = createClient<IntakePaths>({ baseUrl: '/api/intake', ...settings })
export const sla = createClient<SlaPaths>({ baseUrl: '/api/sla', ...settings })
export const review = createClient<ReviewPaths>({ baseUrl: '/api/review', ...settings })
export const analytics = createClient<AnalyticsPaths>({ baseUrl: '/api/analytics', ...settings })

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The data of an answer; throws its Refusal, as queries expect it. */
export async function read<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asked.catch((fault: unknown) => {
    throw asRefusal(fault)
  })
  if (error !== undefined || !response.ok) throw refusalOf(response.status, error)
  return data as Data
}

/** The data of an answer with its version, which a command sends back as If-Match. */
export async function readVersioned<Data>(asked: Promise<Answer<Data>>): Promise<{ data: Data; version: string | undefined }> {
  let version: string | undefined
  const data = await read(
    asked.then((answer) => {
      version = answer.response.headers.get('etag') ?? undefined
      return answer
    }),
  )
  return { data, version }
}

export type Sent<Data> = { done: true; data: Data } | { done: false; refusal: Refusal }

/** What became of a command: done, or the refusal as a value. */
export async function sent<Data>(asked: Promise<Answer<Data>>): Promise<Sent<Data>> {
  try {
    return { done: true, data: await read(asked) }
  } catch (fault) {
    return { done: false, refusal: asRefusal(fault) }
  }
}
