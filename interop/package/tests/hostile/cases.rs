//! Packages and payloads that mean harm.

use std::fmt::Write as _;

use pervade_package::{CheckedPackage, Context, DevicePackage, Manifest, ProblemCode, check};
use pervade_rdf::{nquads, parse_nquads};

/// A package, a payload for it, and a name.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    package: DevicePackage,
    payload: Vec<u8>,
}

impl Case {
    /// What becomes of it, in one line.
    pub(crate) fn outcome(&self) -> String {
        let problems = check(&self.package).err().unwrap_or_default();
        // There are no examples: what they would show is not what is asked here.
        let problem = problems.iter().find(|problem| problem.code != ProblemCode::NoExample);
        if let Some(problem) = problem {
            return cut(&format!("not published: {problem}"));
        }
        let package = match CheckedPackage::compile(&self.package) {
            Ok(package) => package,
            Err(problems) => return cut(&format!("not compiled: {problems:?}")),
        };
        match package.normalise(&self.payload, &Context::example()) {
            Err(error) => cut(&format!("refused: {}", chain(&error))),
            Ok(normalised) => {
                let text = nquads(&normalised.quads);
                let read = parse_nquads(&text).is_ok_and(|read| read == normalised.quads);
                let verdict = if read { "and read back" } else { "and NOT read back" };
                format!("{} quads {verdict}", normalised.quads.len())
            }
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Longest outcome, in characters.
const OUTCOME_CHARS_MAX: usize = 200;

fn cut(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.chars().take(OUTCOME_CHARS_MAX).collect()
}

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    let mappings = [products(), nesting(), functions(), sources(), injections()];
    let payloads = [json(), other_languages()];
    [schemas()].into_iter().chain(mappings).chain(payloads).flatten().collect()
}

const DIALECT: &str = "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"";

const PREFIXES: &str = "@prefix rml: <http://w3id.org/rml/> .\n@prefix pv: <urn:pervade:vocab#> .\n\
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n@prefix e: <http://e/> .\n";

fn package(language: &str, schema: &str, mapping: &str) -> DevicePackage {
    let manifest = format!(
        "{{\"vendor\":\"v\",\"model\":\"m\",\"version\":\"1.0.0\",\"title\":\"t\",\"payload\":\"{language}\"}}"
    );
    let manifest: Manifest = serde_json::from_str(&manifest).expect("a manifest");
    let schema = format!("{{{DIALECT}{}{schema}}}", if schema.is_empty() { "" } else { "," });
    DevicePackage {
        examples: Vec::new(),
        manifest,
        mapping: format!("{PREFIXES}{mapping}"),
        schema,
        shapes: None,
    }
}

/// A map over the whole payload with these properties.
fn map(properties: &str) -> String {
    format!(
        "<#m> a rml:TriplesMap ; rml:logicalSource [ rml:source pv:Payload ; \
         rml:referenceFormulation rml:JSONPath ; rml:iterator \"$\" ] ;\n{properties} ."
    )
}

const SUBJECT: &str = "rml:subjectMap [ rml:template \"s\" ; rml:class e:C ]";

fn with_object(object: &str) -> String {
    map(&format!(
        "{SUBJECT} ;\nrml:predicateObjectMap [ rml:predicate e:p ; rml:objectMap [ {object} ] ]"
    ))
}

fn case(name: &'static str, package: DevicePackage, payload: impl Into<Vec<u8>>) -> Case {
    Case { name, package, payload: payload.into() }
}

fn schemas() -> Vec<Case> {
    let schema = |name, body: &str, payload: &str| {
        case(name, package("json", body, &with_object("rml:reference \"$.a\"")), payload)
    };
    let bomb = (1..40).fold("\"$defs\":{\"d0\":{}".to_owned(), |mut text, n| {
        let below = n - 1;
        let reference = format!("{{\"$ref\":\"#/$defs/d{below}\"}}");
        let _infallible = write!(text, ",\"d{n}\":{{\"allOf\":[{reference},{reference}]}}");
        text
    }) + "},\"$ref\":\"#/$defs/d39\"";
    let deep = format!("{}{}{}", "\"not\":{".repeat(5_000), "\"type\":\"null\"", "}".repeat(5_000));
    let wide: Vec<String> = (0..21_000).map(|n| format!("\"{n}\":{{}}")).collect();
    let long = "a".repeat(20_000) + "!";
    vec![
        schema("references that multiply", &bomb, "{}"),
        schema("a reference to itself", "\"$ref\":\"#\"", "{}"),
        schema("a reference to the network", "\"$ref\":\"http://127.0.0.1:1/s.json\"", "{}"),
        schema("a reference to a file", "\"$ref\":\"file:///etc/passwd\"", "{}"),
        schema("another place by $id", "\"allOf\":[{\"$id\":\"http://127.0.0.1:1/x\"}]", "{}"),
        schema(
            "another dialect by $schema",
            "\"properties\":{\"a\":{\"$schema\":\"http://127.0.0.1:1/d\"}}",
            "{\"a\":1}",
        ),
        schema("a dynamic reference", "\"$dynamicRef\":\"#a\"", "{}"),
        schema("schemas nested deeply", &deep, "{}"),
        schema("many properties", &format!("\"properties\":{{{}}}", wide.join(",")), "{}"),
        schema(
            "a pattern that backtracks",
            "\"properties\":{\"a\":{\"pattern\":\"^(a+)+$\"}}",
            &format!("{{\"a\":\"{long}\"}}"),
        ),
        schema(
            "alternatives that backtrack",
            "\"properties\":{\"a\":{\"pattern\":\"^(a|a)*$\"}}",
            &format!("{{\"a\":\"{long}\"}}"),
        ),
        schema(
            "a pattern that refers back",
            "\"properties\":{\"a\":{\"pattern\":\"(a)\\\\1\"}}",
            "{}",
        ),
        schema(
            "a pattern that looks ahead",
            "\"properties\":{\"a\":{\"pattern\":\"(?=a)a\"}}",
            "{}",
        ),
        schema(
            "a pattern that is huge",
            "\"properties\":{\"a\":{\"pattern\":\"((a{100}){100}){100}\"}}",
            "{}",
        ),
        schema(
            "a name's pattern that is huge",
            "\"patternProperties\":{\"((a{100}){100}){100}\":{}}",
            "{}",
        ),
        schema("floats", "\"multipleOf\":1e-300", "{}"),
        schema(
            "a limit without end",
            "\"properties\":{\"a\":{\"minimum\":1e999999999}}",
            "{\"a\":1}",
        ),
    ]
}

fn mapping(name: &'static str, text: &str, payload: &str) -> Case {
    case(name, package("json", "", text), payload)
}

fn products() -> Vec<Case> {
    let values = |count: usize| {
        let items: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        format!("{{\"a\":[{}]}}", items.join(","))
    };
    let template = format!("rml:template \"{}\"", "{$.a[*]}-".repeat(6));
    let statements = "rml:predicateObjectMap [ rml:predicateMap [ rml:template \"http://e/{$.a[*]}\" ] ; \
        rml:objectMap [ rml:reference \"$.a[*]\" ] ]";
    let path = |path: &str| with_object(&format!("rml:reference \"{path}\""));
    let filters = format!("$[?{}@.a{}]", "(".repeat(200), ")".repeat(200));
    let nest = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    vec![
        mapping("a template's product", &with_object(&template), &values(100)),
        mapping(
            "a product of objects",
            &map(&format!("{SUBJECT} ;\n{statements}")),
            &values(2_000),
        ),
        mapping("a path that visits all again", &path("$..*..*..*..*"), &nest),
        mapping("a filter within filters", &path(&filters), "{}"),
        mapping("a path that is long", &path(&format!("${}", ".a".repeat(50_000))), "{}"),
    ]
}

fn nesting() -> Vec<Case> {
    let nested = format!("{}e:o{}", "[ e:p ".repeat(50_000), " ]".repeat(50_000));
    let list = format!("{}{}", "( ".repeat(50_000), ") ".repeat(50_000));
    let maps = (0..4_000).map(|n| map(SUBJECT).replace("<#m>", &format!("<#m{n}>")) + "\n");
    vec![
        mapping("blank nodes nested deeply", &format!("e:s e:p {nested} ."), "{}"),
        mapping("lists nested deeply", &format!("e:s e:p {list} ."), "{}"),
        mapping("many maps", &maps.collect::<String>(), "{}"),
        mapping("a mapping that is long", &"# ".repeat(600_000), "{}"),
    ]
}

fn functions() -> Vec<Case> {
    let result_of =
        |function: &str| format!("rml:functionExecution <#{function}> ; rml:return pv:result");
    let input = |parameter: &str, function: &str| {
        let value = format!("rml:inputValueMap [ {} ]", result_of(function));
        format!("rml:input [ rml:parameter pv:{parameter} ; {value} ]")
    };
    let chain: String = (0..200)
        .map(|n| {
            let next = format!("f{}", n + 1);
            let both = [input("part1", &next), input("part2", &next)].join(" ; ");
            format!("<#f{n}> rml:function pv:concat ; {both} .\n")
        })
        .collect();
    let end = "<#f200> rml:function pv:concat ; \
        rml:input [ rml:parameter pv:part1 ; rml:inputValue \"x\" ] .\n";
    let circle = format!("<#f0> rml:function pv:upperCase ; {} .\n", input("text", "f0"));
    let circles = vec![input("entry", "f0"); 200].join(" ; ");
    let circles = format!("<#f0> rml:function pv:lookup ; {circles} .\n");
    let using = |functions: &str| format!("{}{functions}", with_object(&result_of("f0")));
    let unknown = "rml:functionExecution [ rml:function <http://e/system> ] ; rml:return e:out";
    vec![
        mapping("functions that multiply", &using(&format!("{chain}{end}")), "{}"),
        mapping("a function of itself", &using(&circle), "{}"),
        mapping("a function of itself in many ways", &using(&circles), "{}"),
        mapping("an unknown function", &with_object(unknown), "{}"),
    ]
}

fn sources() -> Vec<Case> {
    let source = |name, source: &str| {
        let source = format!(
            "<#m> a rml:TriplesMap ; rml:logicalSource [ rml:source {source} ; \
             rml:referenceFormulation rml:JSONPath ; rml:iterator \"$\" ] ; {SUBJECT} ."
        );
        mapping(name, &source, "{}")
    };
    let file = "[ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; \
        rml:path \"/etc/passwd\" ]";
    let database = "[ a <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#Database> ]";
    let import = "<> <http://www.w3.org/2002/07/owl#imports> <http://127.0.0.1:1/o> .";
    vec![
        source("the network as source", "<http://127.0.0.1:1/data.json>"),
        source("a file as source", file),
        source("a database as source", database),
        mapping("a mapping that imports", import, "{}"),
    ]
}

/// Text that would break out of its place, as every kind of term.
const BREAKING: &str =
    r#""{\"a\":\"x> <y> \\\" . \\n<u:s> <u:p> <u:o> .\\n{}|^`\\\\ \\u0000\\u202e\"}""#;

fn injections() -> Vec<Case> {
    let payload: String = serde_json::from_str(BREAKING).expect("a text");
    let term = |name, text: &str| case(name, package("json", "", text), payload.clone());
    let reference = "rml:reference \"$.a\"";
    let subject = |map_text: &str| map(&format!("rml:subjectMap [ {map_text} ; rml:class e:C ]"));
    vec![
        term("a breaking literal", &with_object(reference)),
        term(
            "a breaking typed literal",
            &with_object(&format!("{reference} ; rml:datatype xsd:string")),
        ),
        term("a breaking number", &with_object(&format!("{reference} ; rml:datatype xsd:decimal"))),
        term("a breaking object IRI", &with_object(&format!("{reference} ; rml:termType rml:IRI"))),
        term("a breaking IRI template", &with_object("rml:template \"http://e/{$.a}\"")),
        term("a breaking subject template", &subject("rml:template \"http://e/{$.a}\"")),
        term("a breaking subject", &subject(reference)),
        term(
            "a breaking unsafe IRI",
            &with_object("rml:template \"http://e/{$.a}\" ; rml:termType rml:UnsafeIRI"),
        ),
        term(
            "a breaking predicate",
            &map(&format!(
                "{SUBJECT} ;\nrml:predicateObjectMap [ rml:predicateMap [ {reference} ] ; rml:object e:o ]"
            )),
        ),
        term(
            "a breaking language",
            &with_object(&format!("{reference} ; rml:languageMap [ {reference} ]")),
        ),
        term(
            "a breaking datatype",
            &with_object(&format!("{reference} ; rml:datatypeMap [ {reference} ]")),
        ),
        term(
            "a breaking graph",
            &map(&format!(
                "rml:subjectMap [ rml:template \"s\" ; rml:class e:C ; rml:graphMap [ {reference} ] ]"
            )),
        ),
        term(
            "a breaking code",
            &with_object(
                "rml:functionExecution [ rml:function pv:codeIri ; rml:input [ rml:parameter pv:code ; rml:inputValueMap [ rml:reference \"$.a\" ] ] , [ rml:parameter pv:namespace ; rml:inputValue \"http://e/\" ] ] ; rml:return pv:iri ; rml:termType rml:IRI",
            ),
        ),
        term(
            "a breaking time",
            &with_object(
                "rml:functionExecution [ rml:function pv:normaliseTime ; rml:input [ rml:parameter pv:text ; rml:inputValueMap [ rml:reference \"$.a\" ] ] ] ; rml:return pv:instant",
            ),
        ),
        case(
            "breaking field names",
            package("json", "", &with_object(reference)),
            "{\"x> <y> \\\" . \\n\":1}",
        ),
    ]
}

fn json() -> Vec<Case> {
    let payload = |name, payload: Vec<u8>| {
        case(name, package("json", "", &with_object("rml:reference \"$.a\"")), payload)
    };
    let text = |name, text: &str| payload(name, text.as_bytes().to_vec());
    vec![
        text("arrays nested deeply", &"[".repeat(200_000)),
        text("objects nested deeply", &"{\"a\":".repeat(40_000)),
        text("a number with a huge exponent", "{\"a\":1e999999999}"),
        text("a number with many digits", &format!("{{\"a\":{}}}", "9".repeat(200_000))),
        text("a key twice", "{\"a\":1,\"a\":2}"),
        text("half a surrogate", "{\"a\":\"\\ud800\"}"),
        text("a literal NaN", "{\"a\":NaN}"),
        text("two documents", "{\"a\":1}{\"a\":2}"),
        text("many values", &format!("[{}0]", "0,".repeat(130_000))),
        text("a payload that is long", &format!("{{\"a\":\"{}\"}}", "x".repeat(2_000_000))),
        text(
            "many unknown fields",
            &format!(
                "{{{}\"a\":1}}",
                (0..12_000).map(|n| format!("\"u{n}\":{n},")).collect::<String>()
            ),
        ),
        payload("bytes that are no text", vec![b'"', 0xff, 0xfe, b'"']),
        payload("nothing", Vec::new()),
    ]
}

fn other_languages() -> Vec<Case> {
    let payload = |name, language, payload: Vec<u8>| {
        case(name, package(language, "", &with_object("rml:reference \"$.a\"")), payload)
    };
    let laughs = (1..10).fold("<!DOCTYPE l [<!ENTITY l0 \"lol\">".to_owned(), |text, n| {
        format!("{text}<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))
    }) + "]><l>&l9;</l>";
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"1\"")).collect();
    vec![
        payload("XML entities that multiply", "xml", laughs.into_bytes()),
        payload("an XML entity that is a file", "xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>".to_vec()),
        payload("XML elements nested deeply", "xml", "<a>".repeat(80_000).into_bytes()),
        payload("XML elements nested and closed", "xml", format!("{}{}", "<a>".repeat(35_000), "</a>".repeat(35_000)).into_bytes()),
        payload("many XML attributes", "xml", format!("<x{attributes}/>").into_bytes()),
        payload("CBOR of a huge length", "cbor", vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        payload("CBOR nested deeply", "cbor", vec![0x81; 200_000]),
        payload("CBOR tags nested deeply", "cbor", vec![0xc6; 200_000]),
        payload("CBOR without end", "cbor", vec![0x9f; 200_000]),
        payload("a CBOR number that is huge", "cbor", [vec![0xc2, 0x5a, 0, 3, 0, 0], vec![0xff; 0x30000]].concat()),
        payload("CBOR with a huge exponent", "cbor", vec![0xc4, 0x82, 0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        payload("a table with many columns", "csv", ",".repeat(200_000).into_bytes()),
        payload("a table with many rows", "csv", "a\n".repeat(120_000).into_bytes()),
        payload("a quotation without end", "csv", format!("a\n\"{}", "x\n".repeat(100_000)).into_bytes()),
        payload("a SenML pack with many records", "senml+json", format!("[{}{{\"n\":\"a\",\"v\":1}}]", "{\"n\":\"a\",\"v\":1},".repeat(12_000)).into_bytes()),
        payload("SenML names that grow", "senml+json", format!("[{{\"bn\":\"{}\"}}{}]", "n".repeat(50_000), ",{\"n\":\"x\",\"v\":1}".repeat(5_000)).into_bytes()),
        payload("an EPCIS context that is elsewhere", "epcis+json", b"{\"@context\":[\"http://127.0.0.1:1/c.jsonld\"],\"type\":\"EPCISDocument\",\"epcisBody\":{\"eventList\":[]}}".to_vec()),
        payload("an EPCIS prefix of itself", "epcis+json", b"{\"@context\":[{\"x\":\"x:\"}],\"type\":\"ObjectEvent\",\"x:y\":1}".to_vec()),
        payload("an NGSI-LD context that is elsewhere", "ngsi-ld+json", b"{\"@context\":\"http://127.0.0.1:1/c\",\"id\":\"urn:x\",\"type\":\"Device\"}".to_vec()),
    ]
}
