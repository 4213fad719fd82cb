/** One typed client per service.  The browser sends the session's cookie; an ended token is renewed once, unseen. */
import createClient from 'openapi-fetch'
import { learnNow } from '@/api/now'
import { asRefusal, refusalOf, type Refusal } from '@/api/refusal'
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
let renewing: Promise<boolean> | null = null
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

/** Call this again and again from a page whose use is to be looked at: nobody touches the machine of a wall. */
export function attend(): void {
  attended = Date.now()
}

/** Ask for a new token; several requests at once share one question. */
function renewToken(): Promise<boolean> {
  renewing ??= fetch(REFRESH, { method: 'POST', credentials: 'same-origin' })
    .then((answer) => answer.ok)
    .finally(() => {
      renewing = null
    })
  return renewing
}

async function codeOf(answer: Response): Promise<unknown> {
  const problem: unknown = await answer.json().catch(() => null)
  return typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : undefined
}

async function withSession(request: Request): Promise<Response> {
  const again = request.clone()
  let answer = await fetch(request)
  learnNow(answer.headers)
  if (answer.status !== 401 || request.url.includes('/v1/sessions')) return answer
  const code = await codeOf(answer.clone())
  if (code !== 'token_ended') sessionEnded()
  else if (Date.now() - attended < ATTENDED) {
    if (await renewToken()) answer = await fetch(again)
    else sessionEnded()
  }
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
