export { navigate, setLeaveGuard, usePath, useSearch, useSearchText } from './hash';
export { matchPath, Params, useParams } from './params';
export { Link, Router } from 'wouter';
