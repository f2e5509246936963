package contract

// PreviewWindow is the activity that counts what loading and merging a window would
// do. It takes what CommitWindow takes, and returns a ledger.Preview.
const PreviewWindow = "PreviewWindow"
