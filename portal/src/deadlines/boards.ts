/** The boards of deadlines, as the platform keeps them. */
import { useInfiniteQuery, useQueries } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { read, sla, type Sla } from '@/api/client'

export type Clock = Sla['Clock']
export type Board = Sla['Board']
export type UnitCount = Sla['UnitCount']

export const BOARDS: readonly { value: Board; name: string; about: string; empty: string }[] = [
  { value: 'due-today', name: '今日到期', about: '今天 24:00 以前到期、还没有办到的', empty: '今天没有到期的时限。' },
  { value: 'overdue', name: '超期', about: '截止时刻已过、还没有办到的', empty: '没有超期的时限。' },
  { value: 'overnight', name: '不过夜', about: '今天 24:00 以前须有答复或进度说明、现在还没有的', empty: '没有过夜的工单：该有答复或进度说明的都有了。' },
  { value: 'broken-promises', name: '失约', about: '约定了再次联系或整改的时刻，到时没有做到的', empty: '没有失约的。约定的时刻过了还没有联系来电人的会出现在这里。' },
  { value: 'provisional', name: '暂定', about: '计入了放假安排尚未公布的日期，公布后可能变动', empty: '没有暂定的时限。' },
  { value: 'excused', name: '撤回的超期', about: '曾有超期、后来撤回的，原因见依据', empty: '没有撤回的超期。' },
]

const PAGE = 100
const AGAIN_EVERY = 30_000

/** A board of all units or of one, the most pressing first. */
export function useBoard(board: MaybeRefOrGetter<Board>, unit: MaybeRefOrGetter<string | undefined>) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => ['orders', 'board', toValue(board), toValue(unit) ?? '']),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const of = toValue(unit)
      const query = { limit: PAGE, ...(of === undefined ? {} : { unit: of }), ...(pageParam === null ? {} : { cursor: pageParam }) }
      return read(sla.GET('/v1/boards/{board}', { params: { path: { board: toValue(board) }, query }, signal }))
    },
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: AGAIN_EVERY,
  })
  return {
    rows: computed<Clock[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: pages.isPending,
    fault: pages.error,
    again: pages.refetch,
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
  }
}

/** How many clocks each unit has on each board. */
export function useBoardCounts() {
  const answers = useQueries({
    queries: BOARDS.map(({ value }) => ({
      queryKey: ['orders', 'board-counts', value],
      queryFn: async ({ signal }: { signal: AbortSignal }) => (await read(sla.GET('/v1/boards/{board}', { params: { path: { board: value }, query: { limit: 1 } }, signal }))).units,
      refetchInterval: 2 * AGAIN_EVERY,
    })),
  })
  return {
    unitsOf: (board: Board): readonly UnitCount[] => answers.value[BOARDS.findIndex((each) => each.value === board)]?.data ?? [],
    total: (board: Board): number | undefined => answers.value[BOARDS.findIndex((each) => each.value === board)]?.data?.reduce((sum, unit) => sum + unit.count, 0),
  }
}
