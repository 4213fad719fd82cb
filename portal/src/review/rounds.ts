/** What became of a round of the review, in words. */
import { ROUND_STATES, VOID_REASONS } from '@/labels'
import type { Round } from '@/review/queries'

type Fate = Pick<Round, 'state' | 'taken_back_at' | 'void_reason' | 'centre_at'>

/** `审核通过，未反馈上级（上级平台撤单）` of an approved reply that is void; `作废（另有新的答复）` of another one. */
export function roundWords(round: Fate): string {
  if (round.taken_back_at !== null) return '平台自动退回'
  const words = ROUND_STATES[round.state] ?? round.state
  if (round.void_reason === null) return words
  const why = VOID_REASONS[round.void_reason] ?? round.void_reason
  return round.centre_at === null ? `${words}（${why}）` : `审核通过，未反馈上级（${why}）`
}
