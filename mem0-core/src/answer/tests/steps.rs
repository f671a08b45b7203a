use crate::answer::prose;

#[test]
fn a_procedure_is_text_without_wrapping() {
    let table = [
        ("1. Log in\n2. Export", "1. Log in\n2. Export"),
        ("\u{feff}<think>hm</think>\n\nLog in.", "Log in."),
        ("hm, {steps}\n</think>\nLog in.", "Log in."),
        ("Log in.</think>", "Log in."),
        ("End with </think> in the prompt.", "End with </think> in the prompt."),
        ("Start with <think> in the prompt.", "Start with <think> in the prompt."),
        ("```markdown\n# Steps\n1. Log in\n```", "# Steps\n1. Log in"),
        ("```md\nRun:\n```bash\nls\n```\nDone\n```", "Run:\n```bash\nls\n```\nDone"),
        ("```\na\n```\nthen\n```\nb\n```", "```\na\n```\nthen\n```\nb\n```"),
        ("~~~\nLog in", "Log in"),
        ("[\"Log in\", \"2. Export\", \"- Mail it\", \"3 cups\", \"\"]", "1. Log in\n2. Export\n3. Mail it\n4. 3 cups"),
        (
            "[{'step': 1, 'action': 'Log in'}, {'action': 'Export', 'result': 'ok',}]",
            "1. Log in\n2. action: Export; result: ok",
        ),
        ("```json\n{\"steps\": [\"Log in\", {\"do\": [\"a\", \"b\"]}]}\n```", "1. Log in\n2. a, b"),
        ("{\"summary\": \"Log in.\"}", "Log in."),
        ("{\"aim\": \"Export\", \"steps\": [\"Log in\"], \"time\": null}", "aim: Export\nsteps:\n1. Log in"),
        ("[x] done\n[ ] open", "[x] done\n[ ] open"),
        ("{\"steps\": [\"cut", "{\"steps\": [\"cut"),
    ];
    for (text, expected) in table {
        assert_eq!(prose(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn nothing_is_none() {
    for text in
        ["", " \n", "```\n\n```", "[]", "{}", "[\"\", null]", "<think>hm</think>", "<think>cut", "{\"steps\": []}"]
    {
        assert_eq!(prose(text), None, "{text}");
    }
}
