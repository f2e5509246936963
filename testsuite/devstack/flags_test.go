package devstack

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"pgregory.net/rapid"
)

func parseFlags(args []string) (Options, error) {
	var opts Options
	flags := flag.NewFlagSet("devstack", flag.ContinueOnError)
	flags.SetOutput(discard{})
	opts.RegisterFlags(flags)
	return opts, flags.Parse(args)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestFlagsCarryAllOptionsToTheProcess(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9 _=/-]{0,12}`)
	name := rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9]{0,12}`)
	port := rapid.IntRange(0, 65535)
	kinds := rapid.SampledFrom([]enumspb.IndexedValueType{
		enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		enumspb.INDEXED_VALUE_TYPE_DATETIME,
		enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	})
	rapid.Check(t, func(t *rapid.T) {
		want := Options{
			Dir:          rapid.OneOf(rapid.Just(""), word).Draw(t, "dir"),
			TemporalPort: port.Draw(t, "temporal port"),
			UIPort:       port.Draw(t, "ui port"),
			StoragePort:  port.Draw(t, "storage port"),
			Namespace:    word.Draw(t, "namespace"),
			DisableUI:    rapid.Bool().Draw(t, "no ui"),
		}
		if buckets := rapid.SliceOf(word).Draw(t, "buckets"); len(buckets) > 0 {
			want.Buckets = buckets
		}
		if attributes := rapid.MapOf(name, kinds).Draw(t, "search attributes"); len(attributes) > 0 {
			want.SearchAttributes = attributes
		}
		got, err := parseFlags(want.args())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestBadSearchAttributeNamesTheForm(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Window", "=Keyword", "Window=Date", ""} {
		_, err := parseFlags([]string{"--search-attribute=" + text})
		require.ErrorContains(t, err, "is not name=type", text)
	}
}
