// What reads call lists and compares them; see shipped.ts.
export { connectionsOf, ListReader } from '../lib/http-api/answers';
export { ListTracker } from '../support/calls';
