// The explorer: GraphiQL over this server's own schema, as whoever holds the token.
import { useCallback, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { buildSchema, getOperationAST, parse } from 'graphql';
import { GraphiQL } from 'graphiql';
import { Bar } from './bar.jsx';
import { examples as getExamples, price, run, schemaText, token } from './server.js';
import { languages, spoken, words } from './words.js';
import 'graphiql/style.css';
import './explorer.css';

// What is typed stays in the tab: queries and variables may name people.
const storage = {
  getItem: (k) => sessionStorage.getItem(k), setItem: (k, v) => sessionStorage.setItem(k, v), removeItem: (k) => sessionStorage.removeItem(k),
  clear: () => sessionStorage.clear(), get length() { return sessionStorage.length; },
};

function parsed(query, name) {
  try {
    return getOperationAST(parse(query), name || undefined);
  } catch {
    return undefined;
  }
}

function object(text) {
  try {
    return text?.trim() ? JSON.parse(text) : {};
  } catch {
    return undefined;
  }
}

const begun = ({ query, variables }) => ({ query, variables: variables ? JSON.stringify(variables, null, 2) : '' });

function Explorer({ schema, examples }) {
  const [language, setLanguage] = useState(spoken);
  const [known, setKnown] = useState(Boolean(token.get()));
  const [shown, setShown] = useState(() => begun(examples[0]));
  const [edited, setEdited] = useState(shown);
  const [cost, setCost] = useState();
  const [ran, setRan] = useState();
  const say = words[language];

  useEffect(() => { document.documentElement.lang = language; }, [language]);

  // The price before running: asked for when nobody has typed for a moment.
  useEffect(() => {
    const variables = object(edited.variables);
    const asked = parsed(edited.query, edited.operationName);
    if (!asked || !variables) return undefined;
    const wait = setTimeout(() => {
      price({ query: edited.query, variables, operationName: asked.name?.value }, language).then(setCost, () => setCost(undefined));
    }, 700);
    return () => clearTimeout(wait);
  }, [edited, language, known]);

  const edit = useCallback((more) => {
    setRan(undefined);
    setEdited((was) => ({ ...was, ...more }));
  }, []);
  const fetcher = useCallback(
    (params) => run(params, parsed(params.query, params.operationName)?.operation === 'subscription', language, setRan), [language]);
  const onExample = (example) => {
    const next = begun(example);
    setShown(next);
    edit({ ...next, operationName: undefined });
  };
  const onLanguage = () => {
    const next = languages.find((l) => l !== language);
    sessionStorage.setItem('language', next);
    setLanguage(next);
  };
  return (
    <>
      <Bar {...{ say, language, onLanguage, known, onKnown: setKnown, examples, onExample, cost, ran }} />
      <GraphiQL fetcher={fetcher} schema={schema} storage={storage} query={shown.query} variables={shown.variables}
        isHeadersEditorEnabled={false} shouldPersistHeaders={false} forcedTheme="light"
        onEditQuery={(query) => edit({ query })} onEditVariables={(variables) => edit({ variables })}
        onEditOperationName={(operationName) => edit({ operationName })}>
        <GraphiQL.Logo><span /></GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

function Page() {
  const [data, setData] = useState();
  const [wrong, setWrong] = useState(false);
  useEffect(() => {
    Promise.all([schemaText(), getExamples()]).then(([text, examples]) => setData({ text, examples }), () => setWrong(true));
  }, []);
  const schema = useMemo(() => data && buildSchema(data.text), [data]);
  if (wrong) return <p role="alert">{words[spoken()].failed}</p>;
  return schema ? <Explorer schema={schema} examples={data.examples} /> : null;
}

createRoot(document.getElementById('explorer')).render(<Page />);
