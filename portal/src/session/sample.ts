/** The accounts of the sample district.  Only a platform with sample data answers; any other has no such address. */

export interface SampleAccount {
  account: string
  password: string
  name: string
  /** What the person does, in Chinese. */
  title: string
  unit: string | null
}

export async function sampleAccounts(): Promise<readonly SampleAccount[]> {
  try {
    const answer = await fetch('/sample/accounts')
    return answer.ok ? ((await answer.json()) as { accounts: SampleAccount[] }).accounts : []
  } catch {
    return []
  }
}
