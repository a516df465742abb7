//! Follows a channel, keeps the graph, answers SPARQL.
