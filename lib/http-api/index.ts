export { HttpApi, type HttpApiOptions } from './http-api';
export { type Numbering, roleOf } from './roles';
export { wrongHostCode } from './wire';
