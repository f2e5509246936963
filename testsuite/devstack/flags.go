package devstack

import (
	"flag"
	"fmt"
	"strconv"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
)

// RegisterFlags puts all options but the logger on the command line.
func (o *Options) RegisterFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.Dir, "dir", o.Dir, "keep the state in this `directory` (default: in memory)")
	flags.IntVar(&o.TemporalPort, "temporal-port", o.TemporalPort, "`port` of the Temporal server (default: a free one)")
	flags.IntVar(&o.UIPort, "ui-port", o.UIPort, "`port` of the web UI (default: a free one)")
	flags.IntVar(&o.StoragePort, "storage-port", o.StoragePort, "`port` of the storage server (default: a free one)")
	flags.StringVar(&o.Namespace, "namespace", DefaultNamespace, "Temporal `namespace`")
	flags.BoolVar(&o.DisableUI, "no-ui", o.DisableUI, "leave the web UI out")
	flags.Func("bucket", "create this `bucket` (may be repeated)", func(bucket string) error {
		o.Buckets = append(o.Buckets, bucket)
		return nil
	})
	flags.Func("search-attribute", "register a search attribute, `name=type` such as Window=Datetime (may be repeated)",
		o.addSearchAttribute)
}

func (o *Options) addSearchAttribute(text string) error {
	name, kind, _ := strings.Cut(text, "=")
	value, err := enumspb.IndexedValueTypeFromString(kind)
	if err != nil || name == "" {
		return fmt.Errorf("%q is not name=type with a type such as Keyword, Int, Bool or Datetime", text)
	}
	if o.SearchAttributes == nil {
		o.SearchAttributes = map[string]enumspb.IndexedValueType{}
	}
	o.SearchAttributes[name] = value
	return nil
}

// args is the inverse of RegisterFlags.
func (o *Options) args() []string {
	args := []string{
		"--dir=" + o.Dir,
		"--temporal-port=" + strconv.Itoa(o.TemporalPort),
		"--ui-port=" + strconv.Itoa(o.UIPort),
		"--storage-port=" + strconv.Itoa(o.StoragePort),
		"--no-ui=" + strconv.FormatBool(o.DisableUI),
	}
	if o.Namespace != "" {
		args = append(args, "--namespace="+o.Namespace)
	}
	for _, bucket := range o.Buckets {
		args = append(args, "--bucket="+bucket)
	}
	for name, kind := range o.SearchAttributes {
		args = append(args, "--search-attribute="+name+"="+kind.String())
	}
	return args
}
