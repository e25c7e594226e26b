// What a Relay frontend would write beside its components. relay-compiler reads these; the suite runs what it makes of
// them.
import { graphql } from 'relay-runtime';

graphql`
  query documentsListQuery($count: Int!, $cursor: String) {
    viewer { id name }
    ...documentsList_query @arguments(count: $count, cursor: $cursor)
  }
`;

graphql`
  fragment documentsList_query on Query
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" })
  @refetchable(queryName: "documentsListPaginationQuery") {
    communities(first: $count, after: $cursor, orderBy: { field: NAME, direction: ASC })
      @connection(key: "documentsList_communities") {
      totalCount
      edges { node { id ...documentsName_organisation } }
    }
  }
`;

graphql`
  fragment documentsName_organisation on Organisation {
    name
    ... on ResidentUnit { kind }
  }
`;

graphql`
  query documentsContractQuery($id: ID!) {
    contract(id: $id) { ...documentsContract_contract }
  }
`;

graphql`
  fragment documentsContract_contract on CoBuildingContract @refetchable(queryName: "documentsContractRefetchQuery") {
    id
    title
    status
    version
    parties { part organisation { id ...documentsName_organisation } }
  }
`;

graphql`
  mutation documentsBeginMutation($input: DraftContractInput!) {
    draftContract(input: $input) {
      contract { id version ...documentsContract_contract }
      errors { code path message }
    }
  }
`;

graphql`
  mutation documentsCancelMutation($input: CancelContractInput!) {
    cancelContract(input: $input) {
      contract { id version status }
      errors { code path message ... on ConflictError { currentVersion } }
    }
  }
`;
