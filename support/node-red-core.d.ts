/** Core nodes have no types of their own. */
declare module '@node-red/nodes/core/*' {
  import type { NodeInitializer } from 'node-red';

  const initializer: NodeInitializer;
  export default initializer;
}
