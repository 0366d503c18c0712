/**
 * Logs in to a Node-RED with `adminAuth`, all of whose users have the password `pass`.
 *
 * @param url of its admin API
 * @returns the token for its requests
 */
export async function accessToken(url: string, username: string): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: '',
      username,
      password: 'pass',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
