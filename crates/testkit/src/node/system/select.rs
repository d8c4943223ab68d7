//! A SELECT from a system table, as far as drivers write them: columns, the table, and equalities.

/// A SELECT from a table that is named with its keyspace.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Select {
    /// The selected columns; none is all.
    pub(super) columns: Vec<String>,
    pub(in super::super) keyspace: String,
    pub(super) table: String,
    /// Columns with the values of which they have to have one.
    pub(super) conditions: Vec<(String, Vec<Term>)>,
}

/// A value in a WHERE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Literal(String),
    /// The bind marker of this number.
    Marker(usize),
    /// The bind marker of this number, which stands for a list of values.
    Markers(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword, in lower case unless it was quoted.
    Word(String),
    Text(String),
    Symbol(char),
}

impl Token {
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.word() == Some(keyword)
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// The statement, if it is such a SELECT.
pub(in super::super) fn parse(statement: &str) -> Option<Select> {
    let tokens = tokens(statement);
    let mut tokens = tokens.iter().peekable();
    tokens.next_if(|token| token.is("select"))?;
    let mut columns = Vec::new();
    loop {
        match tokens.next()? {
            from if from.is("from") => break,
            Token::Word(name) => columns.push(name.clone()),
            Token::Symbol(',' | '*') => {}
            // A function or whatever else: there is no column of this name.
            Token::Symbol(symbol) => columns.push(symbol.to_string()),
            Token::Text(text) => columns.push(text.clone()),
        }
    }
    let keyspace = tokens.next()?.word()?.to_owned();
    tokens.next_if_eq(&&Token::Symbol('.'))?;
    let table = tokens.next()?.word()?.to_owned();
    let mut select = Select { columns, keyspace, table, conditions: Vec::new() };
    let mut markers = 0;
    if tokens.next_if(|token| token.is("where")).is_some() {
        while let Some(condition) = condition(&mut tokens, &mut markers) {
            select.conditions.push(condition);
            if tokens.next_if(|token| token.is("and")).is_none() {
                break;
            }
        }
    }
    Some(select)
}

/// `column = value`, `column IN (value, …)` or `column IN ?`.
fn condition<'a>(
    tokens: &mut impl Iterator<Item = &'a Token>,
    markers: &mut usize,
) -> Option<(String, Vec<Term>)> {
    let column = tokens.next()?.word()?.to_owned();
    let mut marker = || {
        *markers += 1;
        *markers - 1
    };
    let mut term = |token: &Token| match token {
        Token::Symbol('?') => Some(Term::Marker(marker())),
        Token::Word(text) | Token::Text(text) => Some(Term::Literal(text.clone())),
        Token::Symbol(_) => None,
    };
    match tokens.next()? {
        Token::Symbol('=') => Some((column, vec![term(tokens.next()?)?])),
        token if token.is("in") => match tokens.next()? {
            Token::Symbol('?') => Some((column, vec![Term::Markers(marker())])),
            Token::Symbol('(') => {
                let inside = tokens.take_while(|token| **token != Token::Symbol(')'));
                Some((column, inside.filter_map(&mut term).collect()))
            }
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn tokens(statement: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' | '"' => {
                let (text, length) = quoted(rest, first);
                (if first == '"' { Token::Word(text) } else { Token::Text(text) }, length)
            }
            _ if is_of_word(first) => {
                let length = rest.find(|other| !is_of_word(other)).unwrap_or(rest.len());
                (Token::Word(rest.get(..length).unwrap_or_default().to_ascii_lowercase()), length)
            }
            _ => (Token::Symbol(first), first.len_utf8()),
        };
        if !matches!(token, Token::Symbol(symbol) if symbol.is_whitespace()) {
            out.push(token);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-')
}

/// What is between the quotes, doubled ones made one, and how long it is with them.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut out = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((_, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            break;
        }
        out.push(character);
    }
    let end = characters.peek().map_or(text.len(), |(index, _)| *index);
    (out, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(words: &[&str]) -> Vec<Term> {
        words.iter().map(|word| Term::Literal((*word).to_owned())).collect()
    }

    #[test]
    fn selects_of_drivers_are_read() {
        let select = parse("select * from SYSTEM.local where key='local';").unwrap();
        assert_eq!((select.keyspace.as_str(), select.table.as_str()), ("system", "local"));
        assert_eq!(select.columns, Vec::<String>::new());
        assert_eq!(select.conditions, [("key".to_owned(), literals(&["local"]))]);

        let text = "SELECT a, \"B c\" FROM system_schema.tables WHERE keyspace_name = 'It''s' \
             AND table_name IN ('x', 'y') USING TIMEOUT 5s";
        let select = parse(text).unwrap();
        assert_eq!(select.columns, ["a", "B c"]);
        let expected = [
            ("keyspace_name".to_owned(), literals(&["It's"])),
            ("table_name".to_owned(), literals(&["x", "y"])),
        ];
        assert_eq!(select.conditions, expected);

        let select = parse("SELECT a FROM s.t WHERE a = ? AND b IN (?, ?) AND c IN ?").unwrap();
        let terms: Vec<_> = select.conditions.into_iter().flat_map(|(_, terms)| terms).collect();
        let markers = (0..3).map(Term::Marker).chain([Term::Markers(3)]);
        assert_eq!(terms, markers.collect::<Vec<_>>());
    }

    #[test]
    fn other_statements_are_none() {
        for text in ["", "SELECT", "SELECT v FROM t", "INSERT INTO system.local (key) VALUES (1)"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
