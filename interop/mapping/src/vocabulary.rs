//! The RML terms read, by local name, and the namespaces of functions.

pub(crate) const RML: &str = "http://w3id.org/rml/";
pub(crate) const PERVADE: &str = pervade_rdf::vocabulary::pervade::NAMESPACE;
pub(crate) const GREL: &str = "http://users.ugent.be/~bjdmeest/function/grel.ttl#";
pub(crate) const IDLAB: &str = "https://w3id.org/imec/idlab/function#";
pub(crate) const FORMATS: &str = "http://www.w3.org/ns/formats/";
pub(crate) const CSVW: &str = "http://www.w3.org/ns/csvw#";

/// Properties that are read everywhere. Reading goes through this list and the next, so a
/// property that is in neither is reported instead of silently ignored.
pub(crate) const PROPERTIES: &[&str] = &[
    "baseIRI",
    "child",
    "childMap",
    "class",
    "constant",
    "datatype",
    "datatypeMap",
    "function",
    "functionExecution",
    "functionMap",
    "graph",
    "graphMap",
    "input",
    "inputValue",
    "inputValueMap",
    "iterator",
    "joinCondition",
    "language",
    "languageMap",
    "logicalSource",
    "object",
    "objectMap",
    "parameter",
    "parameterMap",
    "parent",
    "parentMap",
    "parentTriplesMap",
    "path",
    "predicate",
    "predicateMap",
    "predicateObjectMap",
    "reference",
    "referenceFormulation",
    "return",
    "returnMap",
    "root",
    "source",
    "subject",
    "subjectMap",
    "template",
    "termType",
];

/// Properties that are read off the ledger only.
pub(crate) const OPEN_PROPERTIES: &[&str] = &[
    "allowEmptyListAndContainer",
    "compression",
    "condition",
    "encoding",
    "field",
    "fieldName",
    "gather",
    "gatherAs",
    "innerJoin",
    "leftJoin",
    "logicalTarget",
    "namespace",
    "namespacePrefix",
    "namespaceURL",
    "null",
    "onFields",
    "parentLogicalView",
    "serialization",
    "strategy",
    "structuralAnnotation",
    "target",
    "targetFields",
    "targetView",
    "viewOn",
];

pub(crate) fn rml(local: &str) -> String {
    format!("{RML}{local}")
}
