// All of @graphql-eslint's rules for schemas, with the reason for each one that is tuned or left out.
import graphql from '@graphql-eslint/eslint-plugin';

const schema = `${import.meta.dirname}/../../../graph/testdata/schema.graphql`;
const { 'flat/schema-all': all, 'flat/schema-recommended': recommended, 'flat/schema-relay': relay } = graphql.configs;

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...all.rules,
      ...recommended.rules,
      ...relay.rules,
      // Fields stand in the order in which people read them: what it is first, when it was changed last.
      '@graphql-eslint/alphabetize': 'off',
      // A party's signature or a page of a list is a value: it has no identity apart from the object that holds it.
      '@graphql-eslint/strict-id-in-types': 'off',
      // A short list that lies within one document, as a contract's parties, is a list; whatever grows is a connection.
      '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
      // The set of everything forbids whatever it is told to; Cobuild has all three roots.
      '@graphql-eslint/no-root-type': 'off',
      // A payload holds the object that was changed, with its edges; a whole Query beside it would be priced like one.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
      // Organisation.organisationKind: a resident unit and a community have a `kind` of their own.
      '@graphql-eslint/no-typename-prefix': 'off',
    },
  },
];
