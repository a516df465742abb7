//! IRIs of the vocabularies used below the store.

/// RDF.
pub mod rdf {
    /// `rdf:type`
    pub const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
    /// `rdf:first`
    pub const FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
    /// `rdf:rest`
    pub const REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
    /// `rdf:nil`
    pub const NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";
    /// `rdf:List`
    pub const LIST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#List";
    /// `rdf:Bag`
    pub const BAG: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#Bag";
    /// `rdf:Seq`
    pub const SEQ: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#Seq";
    /// `rdf:Alt`
    pub const ALT: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#Alt";
    /// `rdf:_1`, `rdf:_2`, … begin with this.
    pub const MEMBER: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#_";
}

/// XML Schema datatypes.
pub mod xsd {
    /// `xsd:string`
    pub const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
    /// `xsd:boolean`
    pub const BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
    /// `xsd:integer`
    pub const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
    /// `xsd:decimal`
    pub const DECIMAL: &str = "http://www.w3.org/2001/XMLSchema#decimal";
    /// `xsd:double`
    pub const DOUBLE: &str = "http://www.w3.org/2001/XMLSchema#double";
    /// `xsd:dateTime`
    pub const DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";
    /// `xsd:dateTimeStamp`
    pub const DATE_TIME_STAMP: &str = "http://www.w3.org/2001/XMLSchema#dateTimeStamp";
}

/// Pervade's own ontology, `ontology/pervade.ttl`.
pub mod pervade {
    /// Namespace of every term.
    pub const NAMESPACE: &str = "urn:pervade:vocab#";
}
