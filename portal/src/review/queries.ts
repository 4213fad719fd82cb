/** Replies under review, from the service that keeps them; asked for again after each verdict. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { dispatch, read, readVersioned, review, type Review } from '@/api/client'
import { orderChanged } from '@/order/queries'
import { may } from '@/session/session'

export type Listed = Review['RoundSummary']
export type Round = Review['Round']
export type Finding = Review['FindingText']
type Id = MaybeRefOrGetter<string | undefined>

const PAGE = 100
const AGAIN_EVERY = 15_000

/** Whether the person releases replies for a unit; who does not approves them for the centre. */
export const isLeader = (): boolean => may('review', 'approve_as_leader')

/** The replies that wait for this person, the longest waiting first. */
export function useWaitingReplies() {
  const state = isLeader() ? 'leader_review' : 'centre_review'
  const pages = useInfiniteQuery({
    queryKey: ['orders', 'replies', state],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => read(review.GET('/v1/replies', { params: { query: { state, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: AGAIN_EVERY,
  })
  return {
    rows: computed<Listed[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: pages.isPending,
    fault: pages.error,
    again: pages.refetch,
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
  }
}

export function useReply(id: Id) {
  return useQuery({
    queryKey: computed(() => ['reply', toValue(id)]),
    enabled: computed(() => toValue(id) !== undefined),
    queryFn: ({ signal }) => readVersioned(review.GET('/v1/replies/{reply_id}', { params: { path: { reply_id: toValue(id) ?? '' } }, signal })),
  })
}

/** Every round of an order that the person may see. */
export function useRounds(orderId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(orderId), 'rounds']),
    queryFn: async ({ signal }) => (await read(review.GET('/v1/orders/{order_id}/replies', { params: { path: { order_id: toValue(orderId) } }, signal }))).rounds,
  })
}

/** The replies as the unit submitted them: with the grounds of the disposition, which the review does not repeat. */
export function useSubmitted(orderId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(orderId), 'replies']),
    queryFn: ({ signal }) => read(dispatch.GET('/v1/orders/{order_id}/replies', { params: { path: { order_id: toValue(orderId) } }, signal })),
  })
}

/** Everything that a verdict may have changed. */
export function useReplyChanged(): (reply: string, order: string) => Promise<void> {
  const queries = useQueryClient()
  return async (reply, order) => {
    await Promise.all([queries.invalidateQueries({ queryKey: ['reply', reply] }), orderChanged(queries, order)])
  }
}
