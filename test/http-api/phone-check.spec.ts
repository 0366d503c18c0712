import assert from 'node:assert/strict';
import { connect, endAll, failure, serve, withPhone } from './support';

const dialling = [
  ['makecall', { extension: '10', destination: '11', phone: 'Soft' }, '/makecall/10/11/Soft'],
  ['unpark', { extension: '10', phone: 'Web' }, '/unpark/10/Web'],
] as const;

describe('the check for the phone that rings', () => {
  afterEach(endAll);

  for (const [operation, args, path] of dialling) {
    describe(`with ${operation}`, () => {
      it('is made before each command', async () => {
        const server = await serve(withPhone('00000A5F3C2D1_8'));
        const client = connect(server);
        for (let time = 0; time < 2; time++) {
          const { callId } = await client.execute(operation, args);
          assert.equal(callId, '00000A5F3C2D1_8');
        }
        const all = ['/dnregs/10', '/ondn/10', path];
        assert.deepEqual(server.requests, [...all, ...all]);
      });

      it('fails when the question is not answered', async () => {
        const server = await serve(({ url = '' }) => (url.startsWith('/dnregs/') ? undefined : 'true'));
        const { message } = await failure(connect(server, { timeout: 150 }).execute(operation, args), 'timeout');
        assert.match(message, /^no answer within .*; nothing was dialled/);
        assert.deepEqual(server.requests, ['/dnregs/10']);
      });

      it('finds no phone when none is registered', async () => {
        const server = await serve('error');
        assert.deepEqual(await connect(server).execute(operation, args), {
          ok: false,
          reason: 'no-phone',
          given: args,
          answer: 'error',
        });
        assert.deepEqual(server.requests, ['/dnregs/10']);
      });

      for (const [status, code] of [
        [500, 'server-error'],
        [401, 'unauthorized'],
        [302, 'unexpected-answer'],
      ] as const) {
        it(`fails when the question is answered with HTTP ${status}`, async () => {
          const server = await serve((_request, response) => {
            response.statusCode = status;
            return 'x';
          });
          await failure(connect(server).execute(operation, args), code);
          assert.deepEqual(server.requests, ['/dnregs/10']);
        });
      }

      it('fails when the answer does not fit the question', async () => {
        const server = await serve('true');
        await failure(connect(server).execute(operation, args), 'unexpected-answer');
        assert.deepEqual(server.requests, ['/dnregs/10']);
      });

      for (const [kind, status, answer] of [
        ['idle', 200, 'idle'],
        ['HTTP 404', 404, 'not found'],
      ] as const) {
        it(`is made once if the server answers the question with ${kind}`, async () => {
          const server = await serve(({ url = '' }, response) => {
            if (!url.startsWith('/dnregs/')) return '0';
            response.statusCode = status;
            return answer;
          });
          const client = connect(server);
          await client.execute(operation, args);
          await client.execute(operation, args);
          assert.deepEqual(server.requests, ['/dnregs/10', '/ondn/10', path, '/ondn/10', path]);
        });
      }

      for (const [kind, status] of [
        ['idle', 200],
        ['HTTP 404', 404],
      ] as const) {
        it(`is made again after the server answered everything with ${kind} for a while`, async () => {
          let isAway = true;
          const server = await serve((request, response) => {
            if (!isAway) return withPhone('0')(request, response);
            response.statusCode = status;
            return 'idle';
          });
          const client = connect(server);
          await failure(client.execute(operation, args), 'unsupported');
          isAway = false;
          server.requests.length = 0;
          await client.execute(operation, args);
          assert.deepEqual(server.requests, ['/dnregs/10', '/ondn/10', path]);
        });
      }

      it('leaves the call id unknown when the command is answered with 0', async () => {
        const result = await connect(await serve(withPhone('0'))).execute(operation, args);
        assert.deepEqual(result, { ok: true, callId: null, confirmed: false, given: args, answer: '0' });
      });

      it('reports no phone when the command is answered with null', async () => {
        const { ok, ...rest } = await connect(await serve(withPhone('null'))).execute(operation, args);
        assert.deepEqual([ok, 'reason' in rest && rest.reason], [false, 'no-phone']);
      });

      it('does not lead to a second dialling after HTTP 500', async () => {
        const server = await serve(
          withPhone((_request, response) => {
            response.statusCode = 500;
            return '';
          }),
        );
        await failure(connect(server).execute(operation, args), 'server-error');
        assert.deepEqual(server.requests, ['/dnregs/10', '/ondn/10', path]);
      });
    });
  }

  for (const [registered, phone] of [
    ['71-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20', 'Soft'],
    ['72-sip:10@127.0.0.1:5090-3CX Web Client', 'Web'],
    ['73-sip:10@192.168.1.20:5060-Yealink SIP-T46S', 'Desktop'],
    ['74-sip:3CX@192.168.1.20:5060-Yealink SIP-T46S', 'Desktop'],
    ['idle', 'Soft'],
  ] as const) {
    it(`with Auto finds ${phone} when the question is answered with ${registered}`, async () => {
      const server = await serve(({ url = '' }) => {
        if (url.startsWith('/dnregs/')) return registered;
        return url.startsWith('/ondn/') ? '0' : 'id_1';
      });
      const client = connect(server);
      const call = await client.execute('makecall', { extension: '10', destination: '11', phone: 'Auto' });
      assert.equal(call.given.phone, phone);
      const fetched = await client.execute('unpark', { extension: '10', phone: 'Auto' });
      assert.equal(fetched.given.phone, phone);
      const dialled = server.requests.filter((path) => /makecall|unpark/.test(path));
      assert.deepEqual(dialled, [`/makecall/10/11/${phone}`, `/unpark/10/${phone}`]);
    });
  }

  it('with Auto finds no phone when none is registered', async () => {
    const server = await serve('error');
    const { given } = await connect(server).execute('makecall', { extension: '10', destination: '11', phone: 'Auto' });
    assert.equal(given.phone, 'Auto');
    assert.deepEqual(server.requests, ['/dnregs/10']);
  });

  it('is not made for an argument or a destination that is not allowed', async () => {
    const server = await serve('error');
    const client = connect(server, { isAllowed: (destination) => destination.startsWith('1') });
    await failure(client.execute('makecall', { extension: '10', destination: '22', phone: 'Soft' }), 'not-allowed');
    await failure(
      client.execute('makecall', { extension: '10', destination: '11', phone: 'soft' }),
      'invalid-argument',
    );
    assert.deepEqual(server.requests, []);
  });
});
