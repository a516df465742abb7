use crate::node::Node;
use crate::shape::{Bound, Constraint, Logical, NodeKind, Single, Together};

/// The local name of the constraint component, as reports name it.
pub(crate) const fn component(constraint: &Constraint) -> &'static str {
    match constraint {
        Constraint::Single(single) => of_single(single),
        Constraint::Together(together) => of_together(together),
        Constraint::Logical(logical) => of_logical(logical),
        Constraint::Property(_) => "PropertyShapeComponent",
        // A count that is too great is reported by its own name, where it is found.
        Constraint::Qualified(_) => QUALIFIED_MIN,
        Constraint::Closed(_) => "ClosedConstraintComponent",
    }
}

const fn of_single(single: &Single) -> &'static str {
    match single {
        Single::Class(_) => "ClassConstraintComponent",
        Single::Datatype(_) => "DatatypeConstraintComponent",
        Single::NodeKind(_) => "NodeKindConstraintComponent",
        Single::Bound(Bound::MinExclusive, _) => "MinExclusiveConstraintComponent",
        Single::Bound(Bound::MinInclusive, _) => "MinInclusiveConstraintComponent",
        Single::Bound(Bound::MaxExclusive, _) => "MaxExclusiveConstraintComponent",
        Single::Bound(Bound::MaxInclusive, _) => "MaxInclusiveConstraintComponent",
        Single::MinLength(_) => "MinLengthConstraintComponent",
        Single::MaxLength(_) => "MaxLengthConstraintComponent",
        Single::Pattern(_) => "PatternConstraintComponent",
        Single::LanguageIn(_) => "LanguageInConstraintComponent",
        Single::In(_) => "InConstraintComponent",
    }
}

const fn of_together(together: &Together) -> &'static str {
    match together {
        Together::MinCount(_) => "MinCountConstraintComponent",
        Together::MaxCount(_) => "MaxCountConstraintComponent",
        Together::UniqueLang => "UniqueLangConstraintComponent",
        Together::Equals(_) => "EqualsConstraintComponent",
        Together::Disjoint(_) => "DisjointConstraintComponent",
        Together::LessThan(_) => "LessThanConstraintComponent",
        Together::LessThanOrEquals(_) => "LessThanOrEqualsConstraintComponent",
        Together::HasValue(_) => "HasValueConstraintComponent",
    }
}

const fn of_logical(logical: &Logical) -> &'static str {
    match logical {
        Logical::Not(_) => "NotConstraintComponent",
        Logical::And(_) => "AndConstraintComponent",
        Logical::Or(_) => "OrConstraintComponent",
        Logical::Xone(_) => "XoneConstraintComponent",
        Logical::Node(_) => "NodeConstraintComponent",
    }
}

pub(crate) const QUALIFIED_MIN: &str = "QualifiedMinCountConstraintComponent";
pub(crate) const QUALIFIED_MAX: &str = "QualifiedMaxCountConstraintComponent";

/// What the constraint asks for, in words. The words are the shape's, never the data's.
pub(crate) fn demand(constraint: &Constraint) -> String {
    match constraint {
        Constraint::Single(single) => single_demand(single),
        Constraint::Together(together) => together_demand(together),
        Constraint::Logical(logical) => logical_demand(logical),
        Constraint::Property(_) => "a value conforms to the shape".to_owned(),
        Constraint::Qualified(qualified) => {
            let count = |count: Option<usize>| count.map_or("any".to_owned(), |n| n.to_string());
            let (least, most) = (count(qualified.least), count(qualified.most));
            format!("{least} to {most} values conform to the shape")
        }
        Constraint::Closed(_) => "no other properties are there".to_owned(),
    }
}

fn single_demand(single: &Single) -> String {
    match single {
        Single::Class(class) => format!("a value is of class <{class}>"),
        Single::Datatype(datatype) => format!("a value is of datatype <{datatype}>"),
        Single::NodeKind(kind) => format!("a value is {}", node_kind(*kind)),
        Single::Bound(bound, limit) => format!("a value is {} {limit}", than(*bound)),
        Single::MinLength(least) => format!("a value has at least {least} characters"),
        Single::MaxLength(most) => format!("a value has at most {most} characters"),
        Single::Pattern(pattern) => format!("a value is like {:?}", pattern.as_str()),
        Single::LanguageIn(tags) => format!("a value is in one of {}", tags.join(", ")),
        Single::In(values) => {
            let shown: Vec<String> =
                values.iter().take(VALUES_SHOWN_MAX).map(Node::to_string).collect();
            let more = if values.len() > VALUES_SHOWN_MAX { ", …" } else { "" };
            format!("a value is one of {}{more}", shown.join(", "))
        }
    }
}

fn together_demand(together: &Together) -> String {
    match together {
        Together::MinCount(least) => format!("at least {}", values(*least)),
        Together::MaxCount(most) => format!("at most {}", values(*most)),
        Together::UniqueLang => "no two values are in one language".to_owned(),
        Together::Equals(other) => format!("the values are those of <{other}>"),
        Together::Disjoint(other) => format!("no value is one of <{other}>"),
        Together::LessThan(other) => format!("a value is less than each of <{other}>"),
        Together::LessThanOrEquals(other) => {
            format!("a value is not greater than any of <{other}>")
        }
        Together::HasValue(value) => format!("{value} is among the values"),
    }
}

fn logical_demand(logical: &Logical) -> String {
    match logical {
        Logical::Not(_) => "a value does not conform to the shape".to_owned(),
        Logical::And(_) => "a value conforms to all shapes".to_owned(),
        Logical::Or(_) => "a value conforms to one of the shapes, or more".to_owned(),
        Logical::Xone(_) => "a value conforms to exactly one of the shapes".to_owned(),
        Logical::Node(_) => "a value conforms to the shape".to_owned(),
    }
}

fn values(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

/// Most values of a list that a message names.
const VALUES_SHOWN_MAX: usize = 10;

fn node_kind(kind: NodeKind) -> String {
    let kinds = [
        (kind.allows_iri, "an IRI"),
        (kind.allows_blank, "a blank node"),
        (kind.allows_literal, "a literal"),
    ];
    let allowed = kinds.iter().filter(|(allows, _)| *allows).map(|(_, name)| *name);
    allowed.collect::<Vec<_>>().join(" or ")
}

const fn than(bound: Bound) -> &'static str {
    match bound {
        Bound::MinExclusive => "greater than",
        Bound::MinInclusive => "at least",
        Bound::MaxExclusive => "less than",
        Bound::MaxInclusive => "at most",
    }
}
