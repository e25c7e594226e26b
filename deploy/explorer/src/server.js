// How the page speaks to its own server, and to no other.
import { createClient } from 'graphql-sse';

const address = '/graphql';
const tokenKey = 'token';

// The token lies in the tab's own memory: it is never part of an address, and gone when the tab is closed.
export const token = {
  get: () => sessionStorage.getItem(tokenKey) ?? '',
  set: (value) => (value ? sessionStorage.setItem(tokenKey, value) : sessionStorage.removeItem(tokenKey)),
};

function headers(language, more) {
  const all = { 'Accept-Language': language, ...more };
  const bearer = token.get();
  if (bearer) all.Authorization = `Bearer ${bearer}`;
  return all;
}

async function post(body, language, more) {
  const json = { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json', ...more };
  const answer = await fetch(address, { method: 'POST', headers: headers(language, json), body: JSON.stringify(body), credentials: 'omit' });
  return answer.json();
}

// run answers an operation; a subscription goes on until it is stopped.
export function run(params, subscribes, language, told) {
  if (!subscribes) {
    return post(params, language).then((answer) => {
      told(answer.extensions?.cost);
      return answer;
    });
  }
  const client = createClient({ url: address, retryAttempts: 0, headers: () => headers(language) }); // it says by itself what it sends and takes
  return { subscribe: (sink) => ({ unsubscribe: client.subscribe(params, sink) }) };
}

// price asks what an operation would cost. Servers that price nothing are not asked: they would run it.
export async function price(params, language) {
  const header = document.documentElement.dataset.price;
  if (!header) return undefined;
  const answer = await post(params, language, { [header]: '1' });
  return answer.extensions?.cost;
}

// signIn takes a token for a login name and a password; what is wrong comes back as a sentence.
export async function signIn(login, password, language) {
  const query = 'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token errors { message } } }';
  const answer = await post({ query, variables: { input: { login, password } } }, language);
  const done = answer.data?.signIn;
  if (done?.token) token.set(done.token);
  return done?.token ? '' : (done?.errors?.[0] ?? answer.errors?.[0])?.message ?? '?';
}

export const schemaText = () => fetch('/schema.graphqls').then((answer) => answer.text());
export const examples = () => fetch('/explorer/examples.json').then((answer) => answer.json());
