/** What the platform refused, in its own Chinese words: they say what to do next. */

export interface Problem {
  code: string
  detail: string
  status: number
  errors?: { field: string; message: string }[]
  facts?: Record<string, unknown>
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    /** Stable, for code; 0 and `unreachable` when nothing answered. */
    readonly code: string,
    message: string,
    /** By the name of a field, what is wrong with it. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** What the refusal rests on, by the names of the platform's document of errors. */
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
  }

  /** Whether nobody knows if the request took effect. */
  get unknown(): boolean {
    return this.status === 0 || this.status >= 500
  }
}

export const UNREACHABLE = '连不上平台，请检查网络后再试；已填写的内容仍在。'

/** A refusal from the body of an answer; an answer without problem+json gets words of ours. */
export function refusalOf(status: number, body: unknown): Refusal {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>
  const fields = Object.fromEntries((problem.errors ?? []).map((fault) => [fault.field, fault.message]))
  return new Refusal(status, problem.code ?? `http_${status}`, problem.detail ?? '平台没有说明原因，请稍后再试。', fields, problem.facts ?? {})
}

/** Any fault as a refusal: what is none of the platform's is a lost connection. */
export function asRefusal(fault: unknown): Refusal {
  return fault instanceof Refusal ? fault : new Refusal(0, 'unreachable', UNREACHABLE)
}
