// The bar above GraphiQL: who asks, what could be asked, and what it costs.
import { useState } from 'react';
import { signIn, token } from './server.js';

export function Bar({ say, language, onLanguage, known, onKnown, examples, onExample, cost, ran }) {
  return (
    <header className="bar">
      <h1><a href="/">Cobuild <span lang="zh-CN">共建</span></a> {say.title}</h1>
      <Examples say={say} language={language} examples={examples} onExample={onExample} />
      <Cost say={say} language={language} cost={cost} ran={ran} />
      {known ? <Known say={say} onKnown={onKnown} /> : <Unknown say={say} language={language} onKnown={onKnown} />}
      <button type="button" onClick={onLanguage}>{say.other}</button>
    </header>
  );
}

function Examples({ say, language, examples, onExample }) {
  const roles = [...new Set(examples.map((e) => e.role))];
  return (
    <select aria-label={say.examples} value="" onChange={(e) => onExample(examples[Number(e.target.value)])}>
      <option value="" disabled>{say.examples}</option>
      {roles.map((role) => (
        <optgroup key={role} label={say.roles[role] ?? role}>
          {examples.map((e, i) => (e.role === role ? <option key={i} value={i}>{e.title[language]}</option> : null))}
        </optgroup>
      ))}
    </select>
  );
}

function Cost({ say, language, cost, ran }) {
  const number = (n) => n.toLocaleString(language);
  if (!cost && !ran) return <output className="cost">{say.unpriced}</output>;
  const last = ran ?? cost;
  return (
    <output className="cost">
      {say.price} <b>{number((cost ?? ran).requested)}</b>
      {ran ? <> · {say.afterwards} {number(ran.actual ?? ran.requested)}</> : null}
      {last.remaining === undefined ? null : <> · {say.left} {number(last.remaining)}{last.limit === undefined ? '' : ` / ${number(last.limit)}`}</>}
    </output>
  );
}

function Known({ say, onKnown }) {
  return (
    <div className="who">
      <span title={say.kept}>{say.signedIn}</span>
      <button type="button" onClick={() => { token.set(''); onKnown(false); }}>{say.signOut}</button>
    </div>
  );
}

function Unknown({ say, language, onKnown }) {
  const [wrong, setWrong] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    const { login, password, pasted } = Object.fromEntries(new FormData(event.target));
    if (pasted.trim()) {
      token.set(pasted.trim().replace(/^Bearer\s+/i, ''));
      return onKnown(true);
    }
    const why = await signIn(login, password, language).catch(() => say.failed);
    setWrong(why);
    return why ? undefined : onKnown(true);
  };
  return (
    <details className="who">
      <summary>{say.nobody}</summary>
      <form onSubmit={submit} autoComplete="off">
        <input name="login" aria-label={say.login} placeholder={say.login} autoComplete="username" />
        <input name="password" type="password" aria-label={say.password} placeholder={say.password} autoComplete="current-password" />
        <input name="pasted" type="password" aria-label={say.token} placeholder={say.token} autoComplete="off" />
        <button>{say.signIn}</button>
        {wrong ? <p role="alert">{wrong}</p> : null}
        <p>{say.kept}</p>
      </form>
    </details>
  );
}
