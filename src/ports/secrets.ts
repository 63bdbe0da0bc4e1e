/** Keys by the name of their environment variable. Adapters look at the environment first. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
}
