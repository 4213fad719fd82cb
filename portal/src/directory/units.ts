/** The units of the district: asked for once, then known by every page. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { dispatch, read, type Dispatch } from '@/api/client'

type Unit = Dispatch['UnitOut']

async function allUnits(signal: AbortSignal): Promise<Unit[]> {
  const units: Unit[] = []
  let cursor: string | null | undefined
  do {
    const query = { limit: 200, ...(cursor == null ? {} : { cursor }) }
    const page = await read(dispatch.GET('/v1/units', { params: { query }, signal }))
    units.push(...page.items)
    cursor = page.next
  } while (cursor != null)
  return units
}

/** All units, those that can be given an order as choices, and the name of a code; no code is the centre.

While the names are on their way nothing is shown: a code that turns into a name under the eyes says nothing. */
export function useUnits() {
  const units = useQuery({ queryKey: ['units'], staleTime: 600_000, queryFn: ({ signal }) => allUnits(signal) })
  const names = computed(() => new Map(units.data.value?.map((unit) => [unit.code, unit.name])))
  return {
    names,
    choices: computed(() => (units.data.value ?? []).filter((unit) => unit.active).map((unit) => ({ value: unit.code, name: unit.name }))),
    nameOf: (code: string | null | undefined): string => (code == null ? '中心' : (names.value.get(code) ?? (units.isPending.value ? '' : code))),
  }
}
