/**
 * An OpenID provider on loopback, and a switch for what may be wrong with one.
 *
 * It takes commands as lines of JSON on its standard input, and answers each with a line: `{"port": 0}` first.
 */
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import Provider, { interactionPolicy } from "oidc-provider";

const PASSWORD = "open sesame";
const PEOPLE = {
  ada: {
    name: "Ada",
    preferred_username: "ada",
    email: "ada@example.org",
    email_verified: true,
    groups: ["staff"],
  },
  grace: {
    name: "Grace",
    preferred_username: "grace",
    email: "grace@example.org",
    email_verified: true,
    groups: [],
  },
};

/** What the tests have set: see `commands`. */
const state = { fault: "", accessTokenSeconds: 3600, requests: {}, held: undefined };
/** The newest key signs; `stale-jwks` shows all but that one. */
let keys = [];

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = `key-${Math.random().toString(36).slice(2)}`;
  const common = { kid, use: "sig", alg: "RS256" };
  return {
    kid,
    privateKey,
    secret: { ...(await exportJWK(privateKey)), ...common },
    shown: { ...(await exportJWK(publicKey)), ...common },
  };
}

/** An ID token as the fault has it. */
async function tampered(token) {
  const claims = decodeJwt(token);
  const now = Math.floor(Date.now() / 1000);
  switch (state.fault) {
    case "wrong-issuer":
      claims.iss = "http://localhost:1/";
      break;
    case "wrong-nonce":
      claims.nonce = "another";
      break;
    case "no-nonce":
      delete claims.nonce;
      break;
    case "wrong-audience":
      claims.aud = "another";
      break;
    case "other-party":
      claims.aud = [claims.aud, "another"];
      claims.azp = "another";
      break;
    case "expired":
      Object.assign(claims, { iat: now - 7200, exp: now - 3600 });
      break;
    case "from-the-future":
      Object.assign(claims, { iat: now + 3600, exp: now + 7200 });
      break;
    case "no-subject":
      delete claims.sub;
      break;
    case "wrong-hash":
      claims.at_hash = "AAAAAAAAAAAAAAAAAAAAAA";
      break;
    case "alg-none":
      return new UnsecuredJWT(claims).encode();
    case "alg-hs256": {
      // Signed with what everybody knows: the public key.
      const known = new TextEncoder().encode(JSON.stringify(keys.at(-1).shown));
      return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: keys.at(-1).kid }).sign(known);
    }
    case "wrong-signature": {
      const { privateKey } = await newKey();
      return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: keys.at(-1).kid }).sign(privateKey);
    }
  }
  const { kid, privateKey } = keys.at(-1);
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
}

/** What is wrong with the answers of the provider. */
async function injectFaults(ctx, next) {
  state.requests[ctx.path] = (state.requests[ctx.path] ?? 0) + 1;
  if (ctx.path === "/token") {
    await state.held?.promise;
    if (ctx.socket.destroyed) {
      return;
    }
  }
  if (state.fault === "unavailable") {
    ctx.status = 503;
    return;
  }
  if (state.fault === "nonsense" && ctx.path !== "/auth") {
    ctx.body = "<html>Welcome to the airport's network</html>";
    return;
  }
  if (ctx.path === "/token" && state.fault.startsWith("posted-secrets") && ctx.get("Authorization")) {
    ctx.status = 401;
    ctx.body = { error: "invalid_client" };
    return;
  }
  await next();
  if (ctx.path === "/jwks") {
    ctx.body = {
      keys: (state.fault === "stale-jwks" ? keys.slice(0, -1) : keys.slice(-1)).map((key) => key.shown),
    };
  } else if (ctx.path === "/token" && ctx.body?.id_token) {
    ctx.body = { ...ctx.body, id_token: await tampered(ctx.body.id_token) };
    if (state.fault === "no-id-token") {
      delete ctx.body.id_token;
    }
  } else if (ctx.path === "/me" && state.fault === "other-subject") {
    ctx.body = { ...ctx.body, sub: "grace" };
  } else if (ctx.path === "/.well-known/openid-configuration" && state.fault === "other-configuration") {
    ctx.body = { ...ctx.body, issuer: "http://localhost:1" };
  } else if (ctx.path === "/.well-known/openid-configuration" && state.fault === "posted-secrets") {
    ctx.body = { ...ctx.body, token_endpoint_auth_methods_supported: ["client_secret_post", "none"] };
  } else if (ctx.path.startsWith("/auth") && state.fault === "mixed-up") {
    const location = ctx.response.get("Location");
    ctx.set("Location", location.replace(/([?&]iss=)[^&]*/, "$1http%3A%2F%2Flocalhost%3A1"));
  }
}

function page(body) {
  return `<!DOCTYPE html><html lang="en"><title>Provider</title><link rel="icon" href="data:,">${body}`;
}

/** The provider's own pages: who signs in, and nothing to consent to. */
function interactions(provider) {
  return async (ctx, next) => {
    const uid = ctx.path.match(/^\/interaction\/([\w-]+)$/)?.[1];
    if (!uid) {
      return next();
    }
    const { prompt } = await provider.interactionDetails(ctx.req, ctx.res);
    if (ctx.method === "POST") {
      let body = "";
      for await (const chunk of ctx.req) {
        body += chunk;
      }
      const form = new URLSearchParams(body);
      const accountId = form.get("login");
      const result = form.has("cancel")
        ? { error: "access_denied", error_description: "The user said no." }
        : { login: { accountId } };
      if (form.has("cancel") || (accountId in PEOPLE && form.get("password") === PASSWORD)) {
        return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
      }
    }
    ctx.body = page(
      `<h1>${prompt.name}</h1><form method="post"><label>Login <input name="login"></label>` +
        `<label>Password <input name="password" type="password"></label>` +
        `<button>Sign in</button><button name="cancel" value="1">Cancel</button></form>`,
    );
  };
}

function makeProvider(issuer) {
  const policy = interactionPolicy.base();
  // Nobody is asked whether they mean it, not for a client on any port of loopback either.
  policy.get("consent").checks.remove("native_client_prompt");
  const provider = new Provider(issuer, {
    jwks: { keys: [keys.at(-1).secret] },
    cookies: { keys: ["for the tests alone"] },
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username", "groups"],
      email: ["email", "email_verified"],
    },
    scopes: ["openid", "offline_access", "profile", "email"],
    ttl: {
      AccessToken: () => state.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: 86400,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 86400,
      Session: 86400,
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    // Its own refuses to tell an application on loopback that somebody has signed out.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (_, id) =>
      id in PEOPLE ? { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) } : undefined,
    interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const id = session.grantIdFor(client.clientId);
      const given = id && (await provider.Grant.find(id));
      if (given) {
        return given;
      }
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid offline_access profile email");
      await grant.save();
      return grant;
    },
    renderError(ctx, out) {
      ctx.body = page(`<h1>${out.error}</h1>`);
    },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(ctx, form) {
          ctx.body = page(
            `<h1>Sign out?</h1>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`,
          );
        },
        postLogoutSuccessSource(ctx) {
          ctx.body = page("<h1>Signed out</h1>");
        },
      },
    },
  });
  provider.on("backchannel.error", (_, error) => console.error(error));
  provider.on("server_error", (_, error) => console.error(error));
  provider.use(injectFaults);
  provider.use(interactions(provider));
  return provider;
}

const server = createServer();
let provider;

const commands = {
  /** Listens at a port (0: a free one). Gives the issuer. */
  async start({ port }) {
    await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    const issuer = `http://localhost:${server.address().port}`;
    keys = [await newKey()];
    provider = makeProvider(issuer);
    server.on("request", provider.callback());
    return issuer;
  },
  fault({ name }) {
    state.fault = name;
  },
  /** How long access tokens are valid from now on. */
  accessTokens({ seconds }) {
    state.accessTokenSeconds = seconds;
  },
  /** Whoever asks for tokens waits from now on, until it is released; whoever goes away meanwhile gets none. */
  hold() {
    state.held = Promise.withResolvers();
  },
  release() {
    state.held.resolve();
    state.held = undefined;
  },
  /** Signs with a new key; the old one is shown no more. */
  async rotate() {
    keys.push(await newKey());
  },
  /** How often each path was asked for. */
  requests() {
    return state.requests;
  },
  /** A logout token as the provider would send it, with these claims and this header. */
  async sign({ claims, header }) {
    const { kid, privateKey } = keys.at(-1);
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iat: now, exp: now + 120, jti: crypto.randomUUID(), ...claims })
      .setProtectedHeader({ alg: "RS256", kid, ...header })
      .sign(privateKey);
  },
};

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

// Ends with its standard input: with the tests, whatever becomes of them.
for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  try {
    say({ result: (await commands[command](options)) ?? null });
  } catch (error) {
    say({ error: String(error) });
  }
}
process.exit();
