//! The RML terms read, by local name, and Pervade's function namespace.

pub(crate) const RML: &str = "http://w3id.org/rml/";
pub(crate) const PERVADE: &str = pervade_rdf::vocabulary::pervade::NAMESPACE;

/// Properties and what they are properties of. Reading goes through this list, so a property
/// that is not here is reported instead of silently ignored.
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

pub(crate) fn rml(local: &str) -> String {
    format!("{RML}{local}")
}
